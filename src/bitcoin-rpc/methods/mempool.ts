import type { Txid } from "../../base/ids.ts";
import { sat } from "../../base/units.ts";
import { floorAt, INCREMENTAL_RELAY_FEE } from "../../chain/floor.ts";
import { entryOf, type Mempool, type MempoolEntry, relatives } from "../../chain/mempool.ts";
import { refuse } from "../fault.ts";
import { coins, coinsPerKvb, type Json } from "../json-text.ts";
import { method } from "../method.ts";
import { flag, optional, text, txid, whole } from "../params.ts";

/** Weight units of 1,000 virtual bytes to 1,000 weight units. */
const WEIGHT_PER_VBYTE = 4n;
/** BIP 125 §Summary: what signals that it may be replaced. */
const REPLACEABLE_SEQUENCE_MAX = 0xffff_fffd;
const BLOCKS_MAX = 1_008;

/** Sums over an entry with all that it hangs on, or that hang on it. */
function sumOf(pool: Mempool, txids: ReadonlySet<Txid>): { readonly fee: bigint; readonly vsize: number } {
  let fee = 0n;
  let vsize = 0;
  for (const id of txids) {
    const each = entryOf(pool, id);
    fee += each.fee;
    vsize += each.vsize;
  }
  return { fee, vsize };
}
function entryJson(pool: Mempool, entry: MempoolEntry): Json {
  const above = relatives(pool, [entry.txid], "parents");
  const below = relatives(pool, [entry.txid], "children");
  const ancestors = sumOf(pool, above);
  const descendants = sumOf(pool, below);
  const isReplaceable = [...above].some((id) =>
    entryOf(pool, id).tx.inputs.some(({ sequence }) => sequence <= REPLACEABLE_SEQUENCE_MAX),
  );
  return {
    vsize: entry.vsize,
    weight: entry.weight,
    time: entry.time,
    height: entry.height,
    descendantcount: below.size,
    descendantsize: descendants.vsize,
    ancestorcount: above.size,
    ancestorsize: ancestors.vsize,
    wtxid: entry.wtxid,
    fees: {
      base: coins(entry.fee),
      modified: coins(entry.fee),
      ancestor: coins(ancestors.fee),
      descendant: coins(descendants.fee),
    },
    depends: [...entry.parents],
    spentby: [...entry.children],
    "bip125-replaceable": isReplaceable,
    unbroadcast: false,
  };
}
const waiting = (pool: Mempool, id: Txid): MempoolEntry =>
  pool.entries.get(id) ?? refuse("notFound", "Transaction not in mempool");

/** Some entries: their txids, or by these what is known of each. */
const listJson = (pool: Mempool, txids: Iterable<Txid>, verbose: boolean): Json =>
  verbose ? Object.fromEntries([...txids].map((id) => [id, entryJson(pool, entryOf(pool, id))])) : [...txids];
const relativesOf = (name: string, about: string, which: "parents" | "children") =>
  method(name, about, { txid, verbose: optional(flag) }, ({ node }, { txid: id, verbose = false }) => {
    const { pool } = node.brain;
    const found = new Set(relatives(pool, [waiting(pool, id).txid], which));
    found.delete(id);
    return listJson(pool, found, verbose);
  });

export const mempoolMethods = [
  method("getmempoolinfo", "The mempool at a glance.", {}, ({ node, clock }) => {
    const { pool } = node.brain;
    const total = [...pool.entries.values()].reduce((sum, { fee }) => sum + fee, 0n);
    return {
      loaded: true,
      size: pool.entries.size,
      bytes: pool.vsize,
      usage: pool.vsize,
      total_fee: coins(total),
      maxmempool: pool.policy.vsizeMax,
      mempoolminfee: coinsPerKvb(floorAt(pool, Math.floor(clock.now() / 1000))),
      minrelaytxfee: coinsPerKvb(pool.policy.minRelayFee),
      incrementalrelayfee: coinsPerKvb(INCREMENTAL_RELAY_FEE),
      unbroadcastcount: 0,
      fullrbf: true,
    };
  }),
  method(
    "getrawmempool",
    "What waits to be mined, parents before children.",
    { verbose: optional(flag), mempool_sequence: optional(flag) },
    ({ node }, { verbose = false, mempool_sequence = false }) => {
      const { pool } = node.brain;
      if (!mempool_sequence) return listJson(pool, pool.entries.keys(), verbose);
      if (verbose) return refuse("parameter", "Verbose results cannot contain mempool sequence values.");
      return { txids: [...pool.entries.keys()], mempool_sequence: Number(pool.sequence) };
    },
  ),
  method("getmempoolentry", "What is known of a transaction that waits.", { txid }, ({ node }, { txid: id }) =>
    entryJson(node.brain.pool, waiting(node.brain.pool, id)),
  ),
  relativesOf("getmempoolancestors", "What a transaction that waits hangs on.", "parents"),
  relativesOf("getmempooldescendants", "What hangs on a transaction that waits.", "children"),
  method(
    "estimatesmartfee",
    "The fee for confirmation within so many blocks.",
    { conf_target: whole, estimate_mode: optional(text) },
    ({ node }, { conf_target: blocks }) => {
      if (blocks < 1 || blocks > BLOCKS_MAX) {
        return refuse("parameter", `Invalid conf_target, must be between 1 and ${BLOCKS_MAX}`);
      }
      const rate = node.feerate(blocks);
      if (rate === undefined) return { errors: ["Insufficient data or no feerate found"], blocks };
      return { feerate: coinsPerKvb(sat(BigInt(rate) * WEIGHT_PER_VBYTE)), blocks };
    },
  ),
];
