import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedNode, openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import type { DiskOptions } from "../../../src/adapters/chain/embedded/storage.ts";
import { memoryNetwork } from "../../../src/adapters/memory/network.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { unixMs } from "../../../src/base/units.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import type { Network } from "../../../src/ports/network.ts";
import type { Clock } from "../../../src/ports/world.ts";
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
const silent = (): void => undefined;
export const noLog = { debug: silent, info: silent, warn: silent, error: silent };

/** Sockets in memory: bytes arrive when the clock runs. */
export const testNetwork = (clock: Clock): Network =>
  memoryNetwork({ clock, random: systemRandom, delayMs: { min: 0, max: 0 } }).host("here");

export const tempFolder = (): string => mkdtempSync(join(tmpdir(), "sluice-chain-"));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export const openNode = (
  folder: string,
  clock: Clock,
  network: Network,
  disk: DiskOptions = {},
  params: ChainParams = CHAINS.regtest,
): EmbeddedNode => openBaseNode({ folder, params, disk, clock, random: systemRandom, network, log: noLog });

/** Nodes on one network for the tests of a `describe`: each is stopped, and its folder removed, after the test that opened it. */
export function stoppedAfterEach(clock: Clock) {
  const network = testNetwork(clock);
  const folders: string[] = [];
  const nodes: EmbeddedNode[] = [];
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
    folders.splice(0).forEach(removeFolder);
  });
  const open = ({ folder = tempFolder(), params }: { folder?: string | undefined; params?: ChainParams } = {}) => {
    const node = openNode(folder, clock, network, {}, params);
    folders.push(folder);
    nodes.push(node);
    return node;
  };
  return { network, folders, nodes, open };
}

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
