import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isSat, type Sat, sat } from "../base/units.ts";
import { BLOCK_SIGOPS_COST_MAX } from "../bitcoin/block.ts";
import { consensusFlags, type ScriptFlags } from "../bitcoin/interpreter/flags.ts";
import { type ChainParams, subsidyAt } from "../bitcoin/params.ts";
import { sigopsCost } from "../bitcoin/sigops.ts";
import { isUnspendable } from "../bitcoin/templates.ts";
import { isCoinbase, type Tx } from "../bitcoin/tx.ts";
import {
  type BlockUndo,
  type Coin,
  type CoinChange,
  type CoinOverlay,
  type CoinView,
  coinOverlay,
  outputsOf,
} from "./coins.ts";
import type { BlockFault } from "./faults.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import { checkScripts, type VerifiedScripts } from "./scripts.ts";
import { feeOf, relativeLocksPassed } from "./tx-inputs.ts";

/** What a block does to the coins. */
export interface ConnectedBlock {
  readonly coins: readonly CoinChange[];
  readonly undo: BlockUndo;
  readonly fees: Sat;
}
interface Place {
  readonly previous: HeaderNode;
  readonly params: ChainParams;
  /** The coins after `previous`. */
  readonly view: CoinView;
  readonly verified: VerifiedScripts;
}

/** Checks everything about a block that needs the coins. It has passed `checkBlock` and `checkBlockInContext`. */
export function connectBlock(hashed: HashedBlock, place: Place): Result<ConnectedBlock, BlockFault> {
  const { block, txids } = hashed;
  const { previous, params } = place;
  const height = previous.height + 1;
  const flags = consensusFlags(height, params, hashed.hash);
  const overlay = coinOverlay(place.view);
  const undo: Coin[] = [];
  let fees = 0n;
  let sigops = 0;
  if (repeatsCoin(hashed, height, place)) return err({ code: "bad-txns-BIP30" });
  for (const [index, tx] of block.txs.entries()) {
    const coins = isCoinbase(tx) ? [] : spendAll(tx, overlay);
    if (coins === undefined) return err({ code: "bad-txns-inputs-missingorspent", index });
    sigops += sigopsCost(tx, outputsOf(coins), flags);
    if (sigops > BLOCK_SIGOPS_COST_MAX) return err({ code: "bad-blk-sigops", index });
    if (!isCoinbase(tx)) {
      const fee = checkSpends(tx, coins, { ...place, height, flags });
      if (!fee.ok) return err({ ...fee.error, index });
      fees += fee.value;
      if (!isSat(fees)) return err({ code: "bad-txns-accumulated-fee-outofrange", index });
    }
    overlay.create(tx, txids[index] as Txid, height);
    undo.push(...coins);
  }
  const created = block.txs[0]?.outputs.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n;
  if (created > subsidyAt(height, params) + fees) return err({ code: "bad-cb-amount", index: 0 });
  return ok({ coins: overlay.changes(), undo, fees: sat(fees) });
}

function spendAll(tx: Tx, overlay: CoinOverlay): readonly Coin[] | undefined {
  const coins: Coin[] = [];
  for (const { prevout } of tx.inputs) {
    const coin = overlay.spend(prevout);
    if (coin === undefined) return undefined;
    coins.push(coin);
  }
  return coins;
}

interface SpendRules extends Place {
  readonly height: number;
  readonly flags: ScriptFlags;
}
function checkSpends(tx: Tx, coins: readonly Coin[], rules: SpendRules): Result<Sat, BlockFault> {
  const fee = feeOf(tx, coins, rules.height);
  if (!fee.ok) return err({ code: fee.error });
  const relativeLocks = rules.height >= rules.params.activation.csv;
  if (relativeLocks && !relativeLocksPassed(tx, coins, rules.previous)) return err({ code: "bad-txns-nonfinal" });
  const scripts = checkScripts(tx, coins, rules.flags, rules.verified);
  return scripts.ok ? fee : err({ code: "mandatory-script-verify-flag-failed", detail: scripts.error });
}

/** BIP 30 §Specification: no transaction may repeat one that still has an unspent output. */
function repeatsCoin({ block, hash, txids }: HashedBlock, height: number, { params, view }: Place): boolean {
  if (params.duplicateCoinbases.get(height) === hash) return false;
  return block.txs.some((tx, index) =>
    tx.outputs.some(
      ({ script }, vout) => !isUnspendable(script) && view({ txid: txids[index] as Txid, vout }) !== undefined,
    ),
  );
}
