import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Sat } from "../base/units.ts";
import { BLOCK_SIGOPS_COST_MAX } from "../bitcoin/block.ts";
import { checkTransaction } from "../bitcoin/check.ts";
import { STANDARD_FLAGS } from "../bitcoin/interpreter/flags.ts";
import { isFinal } from "../bitcoin/locks.ts";
import { sigopsCost } from "../bitcoin/sigops.ts";
import { type ClaimedTx, hasWitness, isCoinbase, type Tx, txidOf, weightOf, wtxidOf } from "../bitcoin/tx.ts";
import type { Chain } from "./chain.ts";
import { type Coin, outputsOf } from "./coins.ts";
import { ephemeralFault } from "./ephemeral.ts";
import { scriptRefusal } from "./faults.ts";
import { floorAt } from "./floor.ts";
import { medianTimeOf } from "./headers.ts";
import { entryOf, feeAt, type Mempool, type MempoolEntry, unconfirmedCoin } from "./mempool.ts";
import type { MempoolFault, PriceFault } from "./mempool-fault.ts";
import { checkScripts } from "./scripts.ts";
import { checkStandard, checkStandardInputs } from "./standard.ts";
import { siblingOf } from "./truc.ts";
import { feeOf, relativeLocksPassed } from "./tx-inputs.ts";

/** Policy, not protocol: signature checks in one transaction, and the virtual bytes that each counts for. */
const SIGOPS_COST_MAX = BLOCK_SIGOPS_COST_MAX / 5;
const VBYTES_PER_SIGOP = 20;

/** Where a transaction is to stand. */
export interface Door {
  readonly pool: Mempool;
  readonly chain: Chain;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
  /** Others of its package, at the door with it; they may be its parents. */
  readonly beside: ReadonlyMap<Txid, MempoolEntry>;
  /** It was in a block before a reorganisation, or waits since before it: it may hang on what it likes. */
  readonly resurrected?: true | undefined;
  /** When it came, where that is not now: the height of the tip. */
  readonly height?: number | undefined;
  /** It may wait for its time. */
  readonly early?: true;
}
/** A transaction that is well made and measured, and not in the mempool. */
export interface Candidate {
  readonly entry: MempoolEntry;
  /** What its inputs spend, in their order. */
  readonly coins: readonly Coin[];
  /** A child of its parent that conflicts with it only by the rules of version 3. */
  readonly sibling: Txid | undefined;
}
export const NOBODY: ReadonlyMap<Txid, MempoolEntry> = new Map();

/**
 * Everything that can be said of a transaction before signatures are looked at, and whatever it pays: form, locks, inputs,
 * size. Nothing is changed.
 */
export function examine(door: Door, claimed: ClaimedTx): Result<Candidate, MempoolFault> {
  const { pool, chain, now, beside } = door;
  const { tip } = chain;
  const checked = checkTransaction(claimed);
  if (!checked.ok) return err({ code: checked.error });
  const tx = checked.value;
  if (isCoinbase(tx)) return err({ code: "coinbase" });
  if (hasWitness(tx) && tip.height + 1 < chain.params.activation.segwit) return err({ code: "no-witness-yet" });
  const standard = checkStandard(tx);
  if (standard !== undefined) return err({ code: standard });
  if (!door.early && !isFinal(tx, { height: tip.height + 1, time: medianTimeOf(tip) }))
    return err({ code: "non-final" });
  const txid = txidOf(tx);
  const known = pool.entries.get(txid);
  const wtxid = wtxidOf(tx);
  if (known?.wtxid === wtxid) return err({ code: "txn-already-in-mempool" });
  if (known !== undefined) return err({ code: "txn-same-nonwitness-data-in-mempool" });
  const coins = coinsOf(pool, chain, beside, tx);
  if (coins === undefined) {
    const confirmed = chain.storage.place(txid) !== undefined;
    return err({ code: confirmed ? "txn-already-known" : "bad-txns-inputs-missingorspent" });
  }
  const size = measure(chain, tx, coins);
  if (!size.ok) return size;
  const isWaiting = (parent: Txid): boolean => pool.entries.has(parent) || beside.has(parent);
  const parents = new Set(tx.inputs.map(({ prevout }) => prevout.txid).filter(isWaiting));
  const place = { time: now, height: door.height ?? tip.height, parents, children: new Set<Txid>() };
  const entry = { tx, txid, wtxid, ...size.value, ...place };
  const sibling = door.resurrected ? ok(undefined) : checkFamily(door, entry);
  return sibling.ok ? ok({ entry, coins, sibling: sibling.value }) : sibling;
}

/** Whether a transaction may stand beside its unconfirmed parents; the value is a sibling that would have to go. */
function checkFamily({ pool, beside }: Door, entry: MempoolEntry): Result<Txid | undefined, MempoolFault> {
  const parents = [...entry.parents].map((txid) => beside.get(txid) ?? entryOf(pool, txid));
  const ephemeral = ephemeralFault({ entry, parents });
  if (ephemeral !== undefined) return err({ code: ephemeral });
  const sibling = siblingOf(pool, { entry, parents, beside });
  return sibling.ok ? sibling : err({ code: "TRUC-violation", detail: sibling.error });
}

function coinsOf(pool: Mempool, { storage, tip }: Chain, beside: Door["beside"], tx: Tx): readonly Coin[] | undefined {
  const coins: Coin[] = [];
  for (const { prevout } of tx.inputs) {
    const height = tip.height + 1;
    const coin =
      unconfirmedCoin(pool.entries, prevout, height) ??
      unconfirmedCoin(beside, prevout, height) ??
      storage.coin(prevout);
    if (coin === undefined) return undefined;
    coins.push(coin);
  }
  return coins;
}

/** What a transaction is by itself, as far as it costs no signature check: amounts, locks and size. */
function measure(
  { tip }: Chain,
  tx: Tx,
  coins: readonly Coin[],
): Result<Pick<MempoolEntry, "fee" | "weight" | "vsize" | "sigopCost">, MempoolFault> {
  const fee = feeOf(tx, coins, tip.height + 1);
  if (!fee.ok) return err({ code: fee.error });
  if (!relativeLocksPassed(tx, coins, tip)) return err({ code: "non-BIP68-final" });
  const inputs = checkStandardInputs(tx, coins);
  if (inputs !== undefined) return err({ code: inputs });
  const sigopCost = sigopsCost(tx, outputsOf(coins), STANDARD_FLAGS);
  if (sigopCost > SIGOPS_COST_MAX) return err({ code: "bad-txns-too-many-sigops" });
  const weight = weightOf(tx);
  const vsize = Math.ceil(Math.max(weight, sigopCost * VBYTES_PER_SIGOP) / 4);
  return ok({ fee: fee.value, weight, vsize, sigopCost });
}

/** Whether a fee is too low for so many virtual bytes: for relay at any time, or for the mempool as full as it is. */
export function priceFault(
  pool: Mempool,
  { fee, vsize }: { readonly fee: Sat; readonly vsize: number },
  now: number,
): PriceFault | undefined {
  if (fee < feeAt(pool.policy.minRelayFee, vsize)) return "min relay fee not met";
  return fee < feeAt(floorAt(pool, now), vsize) ? "mempool min fee not met" : undefined;
}

/** Whether the inputs may spend what they spend: the last thing to be asked, as it costs most. */
export function scriptFault({ verified }: Chain, { entry, coins }: Candidate): MempoolFault | undefined {
  const scripts = checkScripts(entry.tx, coins, verified);
  if (scripts.ok) return undefined;
  return { code: "mempool-script-verify-flag-failed", ...scriptRefusal(scripts.error.index, scripts.error.error) };
}

/** All of a package, each with those before it in view; or what is wrong with the first that something is wrong with. */
export function examineAll(
  door: Omit<Door, "beside">,
  txs: readonly ClaimedTx[],
): Result<readonly Candidate[], { readonly tx: ClaimedTx; readonly fault: MempoolFault }> {
  const beside = new Map<Txid, MempoolEntry>();
  const candidates: Candidate[] = [];
  for (const tx of txs) {
    const examined = examine({ ...door, beside }, tx);
    if (!examined.ok) return err({ tx, fault: examined.error });
    // Only what comes alone may take the place of a sibling.
    if (examined.value.sibling !== undefined) return err({ tx, fault: TOO_MANY });
    candidates.push(examined.value);
    beside.set(examined.value.entry.txid, examined.value.entry);
  }
  return ok(candidates);
}
const TOO_MANY: MempoolFault = { code: "TRUC-violation", detail: "its parent has a child already" };
