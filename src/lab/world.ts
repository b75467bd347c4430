import { type ChannelPolicy, type ClaimPurpose, DEFAULT_POLICY } from "../../channels/index.ts";
import { type SimulatedChain, simulatedChain } from "../adapters/memory/chain.ts";
import { type VirtualClock, virtualClock } from "../adapters/memory/clock.ts";
import { type MemoryNetwork, memoryNetwork } from "../adapters/memory/network.ts";
import { type SeededRandom, seededRandom } from "../adapters/memory/random.ts";
import { memoryDisk } from "../adapters/memory/store.ts";
import { parseUtf8 } from "../base/bytes.ts";
import type { ChannelId, Txid } from "../base/ids.ts";
import { unixMs } from "../base/units.ts";
import type { NodePolicy } from "../daemon/context.ts";
import { newWords } from "../daemon/keychain.ts";
import type { Store } from "../ports/store.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { RESOLUTION_DEPTH } from "./depths.ts";
import { isGoneOnChain } from "./gone.ts";
import { LabNode } from "./lab-node.ts";
import { explains, NOBODYS_FAULT, type Reason } from "./reasons.ts";
import { Recorder } from "./recorder.ts";
import { count, emptyTally, type FaultKind, type Tally } from "./tally.ts";
import { createTrace, short, showWrite, type Trace } from "./trace.ts";
import type { Rule, Violation } from "./violation.ts";

/** Whose revoked commitment it was. */
export interface Theft {
  /** The name of the node; it knows nothing of it. */
  readonly thief: string;
  readonly txid: Txid;
}
export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  /** How long bytes are on the wire: by lot between the two. */
  readonly latencyMs?: { readonly min: number; readonly max: number };
  /** Lines of the trace that are kept for reading. */
  readonly traceLines?: number;
  /** Puts a planted bug between a node and its store. */
  readonly plant?: (store: Store, name: string) => Store;
  /** What a node's policy for channels has that `POLICY` has not; asked for at each start. */
  /** For how long after a start deadlines wait for peers. Not unless told: blocks come a thousand times as fast. */
  readonly peersFirstMs?: number;
  readonly channelPolicy?: (node: number) => Partial<ChannelPolicy>;
  /** Whether a node takes payments without an invoice; asked for at each start. */
  readonly acceptKeysend?: (node: number) => boolean;
  /** Which even types of records may come with them. */
  readonly keysendTypes?: (node: number) => readonly bigint[];
}

/** Everything around several nodes in one process, in virtual time. The same seed gives the same events in the same order. */
export interface World {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly chain: SimulatedChain;
  readonly network: MemoryNetwork;
  readonly nodes: readonly LabNode[];
  readonly chance: Chance;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly violations: Violation[];
  /** Names a node in traces and reports. */
  readonly nameOf: (id: string) => string;
  readonly report: (rule: Rule, node: string, detail: string) => void;
  /** Channels that may fail, and why. */
  readonly planned: ReadonlyMap<ChannelId, ReadonlySet<Reason>>;
  readonly plan: (id: ChannelId, reason: Reason) => void;
  /** Channels of which a revoked commitment was published. */
  readonly breaches: Map<ChannelId, Theft>;
  /** Channels whose end a reorganisation has taken back. */
  readonly takenBack: Set<ChannelId>;
  /** Says what the world does to somebody. */
  readonly fault: (kind: FaultKind, what: string) => void;
  /** Power off at a node, of whose waiting writes `keep` are on the disk; after a while it is on again. */
  readonly crash: (node: LabNode, keep: number) => void;
  /** Arms a write of a node with a crash: the next one, or one after `spared` others. */
  readonly crashAtWrite: (node: LabNode, how: CrashAtWrite, spared?: number) => void;
  readonly disarm: (node: LabNode) => void;
  /** Every write of that node takes so many ms longer. */
  readonly slowDisk: (node: LabNode, extraMs: number) => void;
  /** Runs the next event. False when nothing is left to happen. */
  readonly step: () => Promise<boolean>;
  /** Runs events until the condition holds. False when it does not within the time, or once something is violated. */
  readonly until: (condition: () => boolean, limitMs: number) => Promise<boolean>;
  readonly pass: (ms: number) => Promise<void>;
}
export const CRASHES_AT_WRITE = [
  "crash_before_write",
  "crash_after_write",
  "crash_after_ack",
] as const satisfies readonly FaultKind[];
export type CrashAtWrite = (typeof CRASHES_AT_WRITE)[number];

/** 2026-01-01: after the genesis block, and after any block that is mined in a world's few virtual hours. */
const START_MS = 1_767_225_600_000;
const LATENCY_MS = { min: 1, max: 25 };
const DISK_MS = { min: 1, max: 12 };
const CHAIN_MS_MAX = 40;
/** What a few nodes with a few peers may have waiting for a slow disk, and open, crossing dials and dying connections included. */
const GROUPS_MAX = 500;
const CONNECTIONS_MAX = 60;
/** How long a node that lost its power stays off. */
const OFF_MS = { min: 200, max: 3_000 };

/** What runs in virtual time: one world's clock, disks, chain and network, joined by one seed. */
export function createWorld(options: WorldOptions): World {
  return new OneWorld(options);
}

class OneWorld implements World {
  readonly seed: number;
  readonly clock = virtualClock(unixMs(START_MS));
  readonly chain: SimulatedChain;
  readonly network: MemoryNetwork;
  readonly nodes: readonly LabNode[];
  readonly chance: Chance;
  readonly trace: Trace;
  readonly tally = emptyTally();
  readonly violations: Violation[] = [];
  readonly breaches = new Map<ChannelId, Theft>();
  readonly takenBack = new Set<ChannelId>();
  readonly #random: SeededRandom;
  readonly #disks: Chance;
  readonly #armed = new Map<string, { readonly how: CrashAtWrite; spared: number }>();
  readonly #slow = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly #planned = new Map<ChannelId, Set<Reason>>();

  constructor({
    seed,
    nodes,
    latencyMs = LATENCY_MS,
    traceLines = 400,
    plant = (store) => store,
    channelPolicy = () => ({}),
    peersFirstMs = 0,
    acceptKeysend = () => false,
    keysendTypes = () => [],
  }: WorldOptions) {
    this.seed = seed;
    this.trace = createTrace(traceLines);
    this.#random = seededRandom(`sluice world ${seed}`);
    this.chance = chanceOf(this.#random.fork("scenario"));
    this.#disks = chanceOf(this.#random.fork("disks"));
    const { clock } = this;
    this.network = memoryNetwork({ clock, random: this.#random.fork("network"), delayMs: latencyMs });
    const chainChance = chanceOf(this.#random.fork("chain"));
    this.chain = simulatedChain({
      schedule: (_name, task) => void clock.after(chainChance.between(1, CHAIN_MS_MAX), task),
      now: () => Math.floor(clock.now() / 1000),
    });
    this.nodes = Array.from({ length: nodes }, (_, index) =>
      this.#node(`n${index}`, plant, () => ({
        ...POLICY,
        peersFirstMs,
        channel: { ...POLICY.channel, ...channelPolicy(index) },
        acceptKeysend: acceptKeysend(index),
        keysendTypes: new Set(keysendTypes(index)),
      })),
    );
    for (const { id, name } of this.nodes) this.#names.set(id, name);
  }
  #node(name: string, plant: (store: Store, name: string) => Store, policy: () => NodePolicy): LabNode {
    const random = this.#random.fork(name);
    const disk = memoryDisk({ sync: (done) => this.#sync(name, done) });
    const report = (rule: Rule, detail: string): void => this.report(rule, name, detail);
    return new LabNode({
      name,
      words: newWords(random),
      policy,
      clock: this.clock,
      random,
      disk,
      network: this.network.host(name),
      unplug: () => this.network.crash(name),
      chain: () => this.chain.source(name),
      report,
      plant: (store) => plant(store, name),
      recorder: (keychain) =>
        new Recorder({
          keychain,
          report,
          mayFail: (id, cause) =>
            explains(this.#planned.get(id), cause) ||
            // A node whose own keys cheat may see a commitment that it takes for a later one than it knows.
            (cause.tag === "data_lost" && this.breaches.get(id)?.thief === name),
          isGone: (state, htlc, splices) =>
            // A node whose own keys cheat is left to its losses.
            this.breaches.get(state.params.channelId)?.thief === name || isGoneOnChain(this, splices, state, htlc),
          sent: (peer, message, bytes) => {
            count(this.tally.messages, message.name);
            // Strangers are told what is wrong with what they say: that is what warnings are for.
            if (message.name === "warning" && this.#names.has(peer)) this.#warned(name, parseUtf8(message.data));
            this.#note(`${name} to ${this.nameOf(peer)}: ${message.name} ${short(bytes)}`);
          },
          told: ({ type, data }) => {
            if (type === "channel.claim_broadcast" || type === "channel.penalty_broadcast")
              count(this.tally.claims, data["why"] as ClaimPurpose);
          },
          wrote: (records) =>
            this.#note(`${name} writes ${records.map(({ key, value }) => showWrite(key, value)).join(" ")}`),
        }),
    });
  }

  #warned(name: string, text = "no text"): void {
    if (!NOBODYS_FAULT.has(text)) this.report("no_warning", name, text);
  }
  nameOf = (id: string): string => this.#names.get(id) ?? id.slice(0, 8);
  report = (rule: Rule, node: string, detail: string): void => {
    this.violations.push({ rule, node, detail });
    this.#note(`VIOLATED ${rule} at ${node}: ${detail}`);
  };
  get planned(): ReadonlyMap<ChannelId, ReadonlySet<Reason>> {
    return this.#planned;
  }
  plan = (id: ChannelId, reason: Reason): void => {
    this.#planned.set(id, new Set([...(this.#planned.get(id) ?? []), reason]));
  };
  fault = (kind: FaultKind, what: string): void => {
    count(this.tally.faults, kind);
    this.#note(`FAULT ${kind} ${what}`);
  };
  #note(line: string): void {
    this.trace.add(`${this.clock.now() - START_MS} ${line}`);
  }

  crashAtWrite = (node: LabNode, how: CrashAtWrite, spared = 0): void =>
    void this.#armed.set(node.name, { how, spared });
  disarm = (node: LabNode): void => void this.#armed.delete(node.name);
  slowDisk = (node: LabNode, extraMs: number): void => void this.#slow.set(node.name, extraMs);

  /** A write has reached the disk of a node: it is done after a while, unless the power goes before. */
  #sync(name: string, done: () => void): void {
    const delay = this.#disks.between(DISK_MS.min, DISK_MS.max) + (this.#slow.get(name) ?? 0);
    const armed = this.#armed.get(name);
    if (armed === undefined || armed.spared-- > 0) return void this.clock.after(delay, done);
    this.#armed.delete(name);
    const { how } = armed;
    this.clock.after(delay, () => {
      const node = this.nodes.find((each) => each.name === name);
      if (node === undefined || !node.isUp) return;
      if (how === "crash_after_ack") done();
      const { pending } = node.disk;
      const keep = how === "crash_after_write" ? pending : 0;
      this.fault(how, `${name} keeps ${keep} of ${pending}`);
      this.crash(node, keep);
    });
  }
  crash = (node: LabNode, keep: number): void => {
    node.crash(keep);
    this.clock.after(this.#disks.between(OFF_MS.min, OFF_MS.max), () => {
      if (!node.isUp) void node.start();
    });
  };

  step = async (): Promise<boolean> => {
    const went = await this.clock.step();
    if (went) this.tally.events++;
    for (const { name, recorder } of this.nodes) {
      if (recorder.pending > GROUPS_MAX)
        this.report("bounded_queues", name, `${recorder.pending} groups wait for the disk`);
    }
    const { connections } = this.network;
    if (connections > CONNECTIONS_MAX) this.report("bounded_queues", "", `${connections} connections are open`);
    return went;
  };
  until = async (condition: () => boolean, limitMs: number): Promise<boolean> => {
    const limit = this.clock.now() + limitMs;
    await settled();
    while (!condition()) {
      const { next } = this.clock;
      if (this.violations.length > 0 || next === undefined || next > limit) return false;
      await this.step();
    }
    return this.violations.length === 0;
  };
  pass = async (ms: number): Promise<void> => {
    const limit = this.clock.now() + ms;
    await this.until(() => false, ms);
    if (this.violations.length === 0 && this.clock.now() < limit) await this.clock.runUntil(unixMs(limit));
  };
}

/** What was asked for just now has asked the clock for all it needs. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Quick to confirm, quick to end and cheap to forward: so that a short run shows much.
 */
export const POLICY: NodePolicy = {
  channel: {
    ...DEFAULT_POLICY,
    minimumDepth: 3,
    toSelfDelay: 16,
    fulfillmentDeadlineBlocks: 8,
    resolutionDepth: RESOLUTION_DEPTH,
  },
  forwarding: { feeBaseMsat: 1_000, feeProportionalMillionths: 500, cltvExpiryDelta: 40 },
  fallbackFeerate: 2_500,
};
