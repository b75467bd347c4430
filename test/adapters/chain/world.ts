import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedNode, openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { unixMs } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import type { Address, Connection, ConnectionListener, Network } from "../../../src/ports/network.ts";
import type { Clock, Random } from "../../../src/ports/world.ts";
import { buildBlock, NOW } from "../../chain/builder.ts";

/** What an embedded node needs around it, without waiting for real time: a clock that runs when asked, sockets in memory. */

export interface TestClock extends Clock {
  /** Runs everything that is due at once, and what follows from it, until nothing is left. */
  run(): void;
  /** Lets time pass. */
  pass(ms: number): void;
}
export function testClock(): TestClock {
  let now = NOW * 1000;
  let tasks: { at: number; task: () => void }[] = [];
  const run = (): void => {
    for (;;) {
      const due = tasks.filter(({ at }) => at <= now);
      if (due.length === 0) return;
      tasks = tasks.filter(({ at }) => at > now);
      for (const { task } of due) task();
    }
  };
  return {
    now: () => unixMs(now),
    after: (delayMs, task) => {
      const entry = { at: now + delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    run,
    pass: (ms) => {
      now += ms;
      run();
    },
  };
}
export const random: Random = { bytes: (length) => Uint8Array.from(randomBytes(length)) };
const silent = (): void => undefined;
export const noLog = { debug: silent, info: silent, warn: silent, error: silent };

/** One end of a connection in memory. Bytes arrive when the clock runs. */
class MemoryConnection implements Connection {
  readonly remoteAddress: string;
  readonly queuedBytes = 0;
  other: MemoryConnection | undefined;
  #listener: ConnectionListener | undefined;
  readonly #clock: Clock;
  constructor(remoteAddress: string, clock: Clock) {
    this.remoteAddress = remoteAddress;
    this.#clock = clock;
  }
  attach(listener: ConnectionListener): void {
    this.#listener = listener;
  }
  send(bytes: Uint8Array): void {
    const { other } = this;
    this.#clock.after(0, () => other?.receive(bytes));
  }
  receive(bytes: Uint8Array): void {
    this.#listener?.data(bytes);
  }
  pause(): void {}
  resume(): void {}
  close(): void {
    const { other } = this;
    this.other = undefined;
    this.#listener = undefined;
    this.#clock.after(0, () => other?.ended());
  }
  ended(): void {
    const listener = this.#listener;
    this.other = undefined;
    this.#listener = undefined;
    listener?.closed();
  }
}
export interface TestNetwork extends Network {
  /** Both ends of a new connection, for tests that are the peer. */
  pair(): readonly [Connection, Connection];
}
export function testNetwork(clock: Clock): TestNetwork {
  const open = new Map<number, (connection: Connection) => void>();
  let port = 20_000;
  const pair = (): readonly [MemoryConnection, MemoryConnection] => {
    const [a, b] = [new MemoryConnection("memory:a", clock), new MemoryConnection("memory:b", clock)];
    a.other = b;
    b.other = a;
    return [a, b];
  };
  return {
    pair,
    listen: async (address: Address, accept) => {
      const own = { ...address, port: address.port === 0 ? port++ : address.port };
      open.set(own.port, accept);
      return { address: own, close: async () => void open.delete(own.port) };
    },
    dial: async (address: Address) => {
      const accept = open.get(address.port);
      if (accept === undefined) throw new Error("ECONNREFUSED");
      const [near, far] = pair();
      accept(far);
      return near;
    },
  };
}

export const tempFolder = (): string => mkdtempSync(join(tmpdir(), "sluice-chain-"));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export const openNode = (folder: string, clock: Clock, network: Network): EmbeddedNode =>
  openBaseNode({ folder, params: CHAINS.regtest, clock, random, network, log: noLog });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Runs the clock, with the disk's answers in between, until every node shows its tip and nothing is due. */
export async function settle(clock: TestClock, ...nodes: readonly EmbeddedNode[]): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds++) {
    clock.run();
    await turn();
    while (nodes.some((node) => node.tip().hash !== node.brain.chain.tip.hash)) await turn();
  }
}

/** Gives a node one block more than `depth` on a branch from below its last `depth` blocks. */
export function reorganise(node: EmbeddedNode, depth: number): void {
  const { chain } = node.brain;
  let previous = ancestorAt(chain.tip, chain.tip.height - depth) as HeaderNode;
  for (let i = 0; i <= depth; i++) {
    const taken = node.submit(buildBlock({ brain: node.brain, params: chain.params }, { previous }));
    if (!taken.ok) throw new Error(taken.error.code);
    previous = chain.index.tree.nodes.get(taken.value) as HeaderNode;
  }
}
