import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { BLOCK_SIGOPS_COST_MAX } from "../bitcoin/block.ts";
import { checkTransaction, type TxFault } from "../bitcoin/check.ts";
import { STANDARD_FLAGS } from "../bitcoin/interpreter/flags.ts";
import { isFinal } from "../bitcoin/locks.ts";
import { sigopsCost } from "../bitcoin/sigops.ts";
import { isCoinbase, type Tx, txidOf, weightOf, wtxidOf } from "../bitcoin/tx.ts";
import type { Chain } from "./chain.ts";
import { type Coin, outputsOf } from "./coins.ts";
import type { InputFault } from "./faults.ts";
import { medianTimeOf } from "./headers.ts";
import { entryOf, feeAt, type Mempool, type MempoolEntry, relatives, unconfirmedCoin } from "./mempool.ts";
import { type ReplaceFault, replacedBy } from "./replace.ts";
import { type Arrival, admit } from "./room.ts";
import { checkScripts } from "./scripts.ts";
import { checkStandard, checkStandardInputs, type StandardFault } from "./standard.ts";
import { feeOf, relativeLocksPassed } from "./tx-inputs.ts";

/** Why a transaction is not taken into the mempool; the words are Bitcoin Core's. */
export interface MempoolFault {
  readonly code:
    | TxFault
    | InputFault
    | StandardFault
    | ReplaceFault
    | "txn-already-known"
    | "txn-already-in-mempool"
    | "txn-same-nonwitness-data-in-mempool"
    | "non-final"
    | "no-witness-yet"
    | "non-BIP68-final"
    | "min relay fee not met"
    | "mempool min fee not met"
    | "too-long-mempool-chain"
    | "mempool full";
  /** The script error, where one is. */
  readonly detail?: string;
}
/** Policy, not protocol: signature checks in one transaction, and the virtual bytes that each counts for. */
const SIGOPS_COST_MAX = BLOCK_SIGOPS_COST_MAX / 5;
const VBYTES_PER_SIGOP = 20;

export interface AcceptOptions {
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
  /** It was in a block before a reorganisation: its fee is not judged again. */
  readonly resurrected?: true;
}

/**
 * Takes a transaction in, in place of what it replaces, or says why not. Cheap rules come first; signatures are looked at
 * last, and before anything is evicted.
 */
export function acceptTx(
  pool: Mempool,
  chain: Chain,
  tx: Tx,
  options: AcceptOptions,
): Result<MempoolEntry, MempoolFault> {
  const { tip } = chain;
  const checked = checkTransaction(tx);
  if (!checked.ok) return err({ code: checked.error });
  if (isCoinbase(tx)) return err({ code: "coinbase" });
  if (hasWitness(tx) && tip.height + 1 < chain.params.activation.segwit) return err({ code: "no-witness-yet" });
  const standard = checkStandard(tx);
  if (standard !== undefined) return err({ code: standard });
  if (!isFinal(tx, { height: tip.height + 1, time: medianTimeOf(tip) })) return err({ code: "non-final" });
  const txid = txidOf(tx);
  const known = pool.entries.get(txid);
  const wtxid = wtxidOf(tx);
  if (known?.wtxid === wtxid) return err({ code: "txn-already-in-mempool" });
  if (known !== undefined) return err({ code: "txn-same-nonwitness-data-in-mempool" });
  const coins = coinsOf(pool, chain, tx);
  if (coins === undefined) {
    const confirmed = chain.storage.place(txid) !== undefined;
    return err({ code: confirmed ? "txn-already-known" : "bad-txns-inputs-missingorspent" });
  }
  const entry = measure(pool, chain, { tx, txid, wtxid, coins }, options);
  if (!entry.ok) return entry;
  const replaced = replacedBy(pool, entry.value);
  if (!replaced.ok) return err({ code: replaced.error });
  const arrival = { entry: entry.value, replaced: replaced.value };
  if (isTooLong(pool, arrival)) return err({ code: "too-long-mempool-chain" });
  const scripts = checkScripts(tx, coins, STANDARD_FLAGS, chain.verified);
  if (!scripts.ok) return err({ code: "mandatory-script-verify-flag-failed", detail: scripts.error });
  return admit(pool, arrival) ? entry : err({ code: "mempool full" });
}

const hasWitness = ({ inputs }: Tx): boolean => inputs.some(({ witness }) => witness.length > 0);

function coinsOf(pool: Mempool, { storage, tip }: Chain, tx: Tx): readonly Coin[] | undefined {
  const coins: Coin[] = [];
  for (const { prevout } of tx.inputs) {
    const coin = unconfirmedCoin(pool, prevout, tip.height + 1) ?? storage.coin(prevout);
    if (coin === undefined) return undefined;
    coins.push(coin);
  }
  return coins;
}

interface Candidate {
  readonly tx: Tx;
  readonly txid: Txid;
  readonly wtxid: Txid;
  readonly coins: readonly Coin[];
}
/** What a transaction is by itself, as far as it costs no signature check: amounts, locks, size and fee. */
function measure(
  pool: Mempool,
  { tip }: Chain,
  { tx, txid, wtxid, coins }: Candidate,
  { now, resurrected }: AcceptOptions,
): Result<MempoolEntry, MempoolFault> {
  const fee = feeOf(tx, coins, tip.height + 1);
  if (!fee.ok) return err({ code: fee.error });
  if (!relativeLocksPassed(tx, coins, tip)) return err({ code: "non-BIP68-final" });
  const inputs = checkStandardInputs(tx, coins);
  if (inputs !== undefined) return err({ code: inputs });
  const sigops = sigopsCost(tx, outputsOf(coins), STANDARD_FLAGS);
  if (sigops > SIGOPS_COST_MAX) return err({ code: "bad-txns-too-many-sigops" });
  const weight = weightOf(tx);
  const vsize = Math.ceil(Math.max(weight, sigops * VBYTES_PER_SIGOP) / 4);
  const { minRelayFee } = pool.policy;
  if (resurrected === undefined && fee.value < feeAt(minRelayFee, vsize)) return err({ code: "min relay fee not met" });
  if (resurrected === undefined && fee.value < feeAt(pool.floor, vsize))
    return err({ code: "mempool min fee not met" });
  const parents = new Set(tx.inputs.map(({ prevout }) => prevout.txid).filter((parent) => pool.entries.has(parent)));
  const place = { weight, vsize, sigopCost: sigops, time: now, height: tip.height };
  return ok({ tx, txid, wtxid, fee: fee.value, ...place, parents, children: new Set<Txid>() });
}

/** Whether a chain of unconfirmed transactions would be too long with the arrival in it and without what that replaces. */
function isTooLong(pool: Mempool, { entry, replaced }: Arrival): boolean {
  const { chainCountMax, chainVsizeMax } = pool.policy;
  const exceeds = (others: readonly Txid[]): boolean =>
    others.length + 1 > chainCountMax || vsizeOfAll(pool, others) + entry.vsize > chainVsizeMax;
  const ancestors = relatives(pool, entry.parents, "parents");
  if (exceeds([...ancestors])) return true;
  for (const ancestor of ancestors) {
    const descendants = [...relatives(pool, [ancestor], "children")];
    if (exceeds(descendants.filter((txid) => !replaced.has(txid)))) return true;
  }
  return false;
}
function vsizeOfAll(pool: Mempool, txids: readonly Txid[]): number {
  let sum = 0;
  for (const txid of txids) sum += entryOf(pool, txid).vsize;
  return sum;
}
