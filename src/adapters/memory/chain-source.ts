import type { BlockHash } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import type { SatPerKw } from "../../base/units.ts";
import { feerateFor, type NodeBrain, takePackage, takeTx, tryTx } from "../../chain/brain.ts";
import { readBlock } from "../../chain/chain.ts";
import type { HeaderNode } from "../../chain/headers.ts";
import type { BaseNode, DialFault } from "../../ports/base-node.ts";
import {
  blockAtHeight,
  brainInfo,
  coinTotals,
  findTx,
  placedHeader,
  refOf,
  txidAtPlace,
  unspentAt,
  waitingTxs,
} from "../chain/answers.ts";
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
}
/** There is one mempool and one chain for all: nobody to connect to. */
const ALONE: DialFault = { code: "unreachable", reason: "a simulated chain has no peers" };

/** One node's view of a simulated chain. */
export function memorySource(options: SourceOptions): BaseNode {
  const { brain, viewpoints, horizon, schedule, now, mine, feerate } = options;
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
      const taken = takeTx(brain, tx, now());
      for (const other of viewpoints) other.pump.poke();
      return taken.ok ? ok(taken.value.txid) : err({ code: "rejected", reason: taken.error.code });
    },
    submitPackage: async (txs) => {
      const verdict = takePackage(brain, txs, now());
      for (const other of viewpoints) other.pump.poke();
      return verdict;
    },
    testAccept: async (txs) => tryTx(brain, txs, now()),
    feerate: (blocks) => feerate() ?? feerateFor(brain, blocks),
    stop: async () => {
      viewpoints.delete(viewpoint);
      pump.stop();
    },
    info: () => ({ ...brainInfo(brain), tip: refOf(horizon()), peers: 0, address: undefined }),
    mine: async (count, script) => mine(count, script),
    header: (hash) => placedHeader(chain, horizon(), hash),
    block: (hash) => {
      const node = chain.index.tree.nodes.get(hash);
      return node === undefined || !chain.index.held.has(node) ? undefined : readBlock(chain, node);
    },
    blockAt: (height) => blockAtHeight(chain, horizon(), height),
    transaction: (txid) => findTx(brain, txid),
    utxoTotal: () => coinTotals(chain),
    mempool: () => waitingTxs(brain),
    peers: () => [],
    connect: async () => err(ALONE),
    listen: (address) => Promise.reject(new Error(`${ALONE.reason}: ${address.host}:${address.port}`)),
  };
}
