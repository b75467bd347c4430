import type { BlockHash } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import type { SatPerKw } from "../../base/units.ts";
import { feerateFor, type NodeBrain, takeOwnTx, takePackage, tryTx } from "../../chain/brain.ts";
import type { HeaderNode } from "../../chain/headers.ts";
import type { BaseNode, DialFault } from "../../ports/base-node.ts";
import { answersOf, brainInfo, isSynced, refOf, txidAtPlace, unspentAt, wholeChain } from "../chain/answers.ts";
import { type FeedPump, feedPump } from "../chain/feed-pump.ts";

/** A source that was started and not stopped. */
export interface Viewpoint {
  readonly pump: FeedPump;
}
interface SourceOptions {
  readonly brain: NodeBrain;
  readonly viewpoints: Set<Viewpoint>;
  readonly horizon: () => HeaderNode;
  readonly schedule: (task: () => void) => void;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: () => number;
  readonly mine: (count: number, script: Uint8Array) => readonly BlockHash[];
  readonly feerate: () => SatPerKw | undefined;
  readonly staleSince: () => number | undefined;
}
/** There is one mempool and one chain for all: nobody to connect to. */
const ALONE: DialFault = { code: "unreachable", reason: "a simulated chain has no peers" };

/** One node's view of a simulated chain. */
export function memorySource(options: SourceOptions): BaseNode {
  const { brain, viewpoints, horizon, schedule, now, mine, feerate, staleSince } = options;
  const { chain } = brain;
  const pump = feedPump({ brain, horizon, schedule });
  const viewpoint: Viewpoint = { pump };
  return {
    tip: () => refOf(horizon()),
    start: (cursor, deliver) => {
      viewpoints.add(viewpoint);
      pump.start(cursor, deliver);
    },
    watch: pump.watch,
    unspent: async (outpoint) => unspentAt(brain, outpoint),
    txidAt: async (height, index) => txidAtPlace(chain, horizon(), height, index),
    broadcast: async (tx) => {
      const taken = takeOwnTx(brain, tx, now());
      for (const other of viewpoints) other.pump.poke();
      return taken.ok ? taken : err({ code: "rejected", reason: taken.error.code });
    },
    submitPackage: async (txs) => {
      const verdict = takePackage(brain, txs, now());
      for (const other of viewpoints) other.pump.poke();
      return ok(verdict);
    },
    testAccept: async (txs) => ok(tryTx(brain, txs, now())),
    feerate: (blocks, care = "economical") => feerate() ?? feerateFor(brain, { blocks, care, now: now() }),
    stop: async () => {
      viewpoints.delete(viewpoint);
      pump.stop();
    },
    ...answersOf(wholeChain(brain, horizon)),
    info: async () => ok({ ...brainInfo(brain), tip: refOf(horizon()), peers: 0, address: undefined }),
    synced: () => isSynced(chain),
    // Whatever there is of a simulated chain is there at once.
    progress: () => undefined,
    staleSince,
    onProgress: () => () => undefined,
    mine: async (count, script) => ok(mine(count, script)),
    peers: async () => ok([]),
    connect: async () => err(ALONE),
  };
}
