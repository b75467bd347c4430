import { DEFAULT_POLICY } from "../../channels/index.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { present } from "../../src/base/result.ts";
import { msat, sat } from "../../src/base/units.ts";
import type { NodePolicy } from "../../src/daemon/context.ts";
import { newWords } from "../../src/daemon/keychain.ts";
import { LabNode } from "../../src/lab/lab-node.ts";
import { Recorder } from "../../src/lab/recorder.ts";
import { type Edge, setUp } from "../../src/lab/setup.ts";
import { type Rule, showViolation } from "../../src/lab/violation.ts";
import { createWorld, type World } from "../../src/lab/world.ts";
import type { Connection, Network } from "../../src/ports/network.ts";
import type { MessageName } from "../../src/wire/registry.ts";

export const BTC = 100_000_000n;
/** The policy that the book's world needs, and that no node should have where money is real. */
export const BOOK: NodePolicy = {
  channel: {
    ...DEFAULT_POLICY,
    // 2 BTC a side.
    capacityMax: sat(4n * BTC),
    // The timeouts are the book's own: an HTLC is taken to the chain in the block of its expiry.
    graceBlocks: 0,
    fulfillmentDeadlineBlocks: 3,
    // Soon over.
    toSelfDelay: 5,
    resolutionDepth: 1,
  },
  // 0.001 BTC a hop; timeouts one block apart.
  forwarding: { feeBaseMsat: 100_000_000, feeProportionalMillionths: 0, cltvExpiryDelta: 1 },
  fallbackFeerate: 2_500,
  // The last HTLC has 7 blocks.
  timing: { minFinalCltvExpiryDelta: 7, expirySlack: 0, forwardMargin: 0 },
};

/** Of all messages to and from Carol only so many pass; then her wires are dead, though she lives and sees the chain. */
export interface Wires {
  limit: number;
  /** Those that have passed since all was at rest, as `from name to`. */
  readonly passed: string[];
  /** Given to the wires and not yet seen on them, oldest first, by wire. Undefined before all is at rest. */
  waiting: Map<string, { readonly name: MessageName; readonly length: number }[]> | undefined;
  readonly names: Map<string, string>;
}
export interface BookWorld {
  readonly world: World;
  readonly nodes: readonly LabNode[];
  readonly edges: readonly Edge[];
  readonly wires: Wires;
}
const NAMES = ["alice", "bob", "carol", "diana", "eric"] as const;
const SILENT = "carol";
const DISK_MS = 2;
/** The same for all, so that the order of messages follows from what is said and from no lot. */
const LATENCY_MS = { min: 3, max: 3 };

/** Alice, Bob, Carol, Diana and Eric in a line, each with 2 BTC on either side of each channel, at rest. */
export async function bookWorld(): Promise<BookWorld> {
  const wires: Wires = { limit: Number.POSITIVE_INFINITY, passed: [], waiting: undefined, names: new Map() };
  const empty = createWorld({ seed: 1, nodes: 0, latencyMs: LATENCY_MS });
  const nodes = NAMES.map((name) => nodeOf(empty, wires, name));
  for (const { id, name } of nodes) wires.names.set(id, name);
  const world: World = { ...empty, nodes };
  const edges = nodes.slice(1).map((accepter, at): Edge => {
    const opener = present(nodes[at], "a node before");
    return { opener, accepter, capacity: sat(4n * BTC), push: msat(2n * BTC * 1_000n), id: undefined };
  });
  if (!(await setUp(world, edges))) throw new Error(world.violations.map(showViolation).join("; "));
  await world.pass(1_000);
  wires.waiting = new Map();
  return { world, nodes, edges, wires };
}

function nodeOf(world: World, wires: Wires, name: string): LabNode {
  const random = seededRandom(`the book's ${name}`);
  const report = (rule: Rule, detail: string): void => world.report(rule, name, detail);
  return new LabNode({
    name,
    words: newWords(random),
    policy: () => BOOK,
    clock: world.clock,
    random,
    disk: memoryDisk({ sync: (done) => void world.clock.after(DISK_MS, done) }),
    network: deadAfter(world.network.host(name), wires, name),
    unplug: () => world.network.crash(name),
    chain: () => world.chain.source(name),
    report,
    plant: (store) => store,
    recorder: (keychain) =>
      new Recorder({
        keychain,
        report,
        // Here channels do fail between honest nodes: one of them is not heard of any more.
        mayFail: () => true,
        // The book's blocks are few, so its depths are not those of a simulated world: the balances at the end tell.
        isGone: (state, { id }) => state.tag === "Failed" && state.givenUp.includes(id),
        sent: (peer, message, bytes) => {
          const wire = wireOf(name, wires.names.get(peer));
          const queue = wires.waiting?.get(wire) ?? [];
          wires.waiting?.set(wire, queue);
          queue.push({ name: message.name, length: bytes.length });
        },
        wrote: () => {},
        told: () => {},
      }),
  });
}

const wireOf = (from: string, to: string | undefined): string => `${from} ${to}`;
/** What encryption adds to a message: its length and two tags. BOLT 8 §Encrypting and Sending Messages. */
const PACKET_BYTES = 2 + 16 + 16;

/** A machine's network where messages to or from the silent one count, one by one, however many leave at once. */
function deadAfter(inner: Network, wires: Wires, name: string): Network {
  const counted = (connection: Connection, other: string): Connection => {
    if (name !== SILENT && other !== SILENT) return connection;
    return { ...methodsOf(connection), send: (bytes) => sendCounted(wires, name, other, connection, bytes) };
  };
  return {
    listen: (address, accept) =>
      inner.listen(address, (connection) => accept(counted(connection, connection.remoteAddress.split(":")[0] ?? ""))),
    dial: async (address) => {
      const isDead = wires.passed.length >= wires.limit;
      if (isDead && (name === SILENT || address.host === SILENT)) throw new Error("no answer");
      return counted(await inner.dial(address), address.host);
    },
  };
}
function sendCounted(wires: Wires, from: string, to: string, connection: Connection, bytes: Uint8Array): void {
  if (wires.waiting === undefined) return connection.send(bytes);
  const queue = wires.waiting.get(wireOf(from, to)) ?? [];
  for (let at = 0; at < bytes.length; ) {
    const { name, length } = present(queue.shift(), "what is on the wire was given to it");
    const packet = bytes.subarray(at, at + length + PACKET_BYTES);
    at += packet.length;
    if (wires.passed.length >= wires.limit) continue;
    wires.passed.push(`${from} ${name} ${to}`);
    connection.send(packet);
  }
}
const methodsOf = (connection: Connection): Connection => ({
  remoteAddress: connection.remoteAddress,
  attach: (listener) => connection.attach(listener),
  send: (bytes) => connection.send(bytes),
  get queuedBytes() {
    return connection.queuedBytes;
  },
  pause: () => connection.pause(),
  resume: () => connection.resume(),
  close: (how) => connection.close(how),
});
