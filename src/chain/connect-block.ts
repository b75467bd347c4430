import type { Txid } from "../base/ids.ts";
import { err, ok, present, type Result } from "../base/result.ts";
import { isSat, type Sat, sat } from "../base/units.ts";
import { BLOCK_SIGOPS_COST_MAX } from "../bitcoin/block.ts";
import { consensusFlags } from "../bitcoin/interpreter/flags.ts";
import { type ChainParams, subsidyAt } from "../bitcoin/params.ts";
import { sigopsCost } from "../bitcoin/sigops.ts";
import { isUnspendable } from "../bitcoin/templates.ts";
import { isCoinbase, type Tx } from "../bitcoin/tx.ts";
import type { GatheredScripts } from "./ahead.ts";
import { type BlockUndo, type Coin, type CoinChange, type CoinOverlay, coinOverlay, outputsOf } from "./coins.ts";
import type { BlockFault, InputFault } from "./faults.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import type { BlockScripts, VerifiedScripts } from "./scripts.ts";
import type { ChainStorage } from "./storage.ts";
import { feeOf, relativeLocksPassed } from "./tx-inputs.ts";

/** What a block does to the coins, if its scripts allow it. */
export interface ConnectedBlock {
  readonly coins: readonly CoinChange[];
  readonly undo: BlockUndo;
  readonly fees: Sat;
  /** Not verified yet: those of transactions that were not found good before. */
  readonly scripts: BlockScripts;
}
export interface Place {
  readonly previous: HeaderNode;
  readonly params: ChainParams;
  /** The coins after `previous`, and the places of transactions. */
  readonly storage: Pick<ChainStorage, "coin" | "place">;
  readonly verified: VerifiedScripts;
  /** Of this block, in this place. */
  readonly gathered: GatheredScripts | undefined;
}

/**
 * Checks everything about a block that needs the coins but its scripts, which are left to be verified: as with Bitcoin Core, any
 * other fault comes before theirs. The block has passed `checkBlock` and `checkBlockInContext`.
 */
export function connectBlock(hashed: HashedBlock, place: Place): Result<ConnectedBlock, BlockFault> {
  const { block, txids } = hashed;
  const { previous, params } = place;
  const height = previous.height + 1;
  const flags = consensusFlags(height, params, hashed.hash);
  const { gathered, storage } = place;
  const overlay = coinOverlay(storage.coin);
  const undo: Coin[] = [...overwrittenCoins(hashed, height, place)];
  let fees = 0n;
  let sigops = 0;
  let inputs = 0;
  const isNew = params.duplicateCoinbases.get(height) !== hashed.hash;
  if (isNew && repeatsCoin(hashed, place)) return err({ code: "bad-txns-BIP30" });
  for (const [index, tx] of block.txs.entries()) {
    const coins = isCoinbase(tx) ? [] : spendAll(tx, overlay, gathered?.coins, inputs);
    if (coins === undefined) return err({ code: "bad-txns-inputs-missingorspent", index });
    inputs += coins.length;
    const spent = outputsOf(coins);
    sigops += sigopsCost(tx, spent, flags);
    if (sigops > BLOCK_SIGOPS_COST_MAX) return err({ code: "bad-blk-sigops", index });
    if (!isCoinbase(tx)) {
      const fee = checkSpends(tx, coins, height, place);
      if (!fee.ok) return err({ code: fee.error, index });
      fees += fee.value;
      if (!isSat(fees)) return err({ code: "bad-txns-accumulated-fee-outofrange", index });
    }
    overlay.create(tx, txids[index] as Txid, height, isNew);
    undo.push(...coins);
  }
  const created = block.txs[0]?.outputs.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n;
  if (created > subsidyAt(height, params) + fees) return err({ code: "bad-cb-amount", index: 0 });
  const { scripts } = present(gathered, "every coin has been found");
  return ok({ coins: overlay.changes(), undo, fees: sat(fees), scripts });
}

/** @param found  of the whole block; what this transaction spends begins at `from` */
function spendAll(
  tx: Tx,
  overlay: CoinOverlay,
  found: GatheredScripts["coins"] = [],
  from: number,
): readonly Coin[] | undefined {
  const coins: Coin[] = [];
  for (const [at, { prevout }] of tx.inputs.entries()) {
    const coin = overlay.spend(prevout, found[from + at]);
    if (coin === undefined) return undefined;
    coins.push(coin);
  }
  return coins;
}

function checkSpends(
  tx: Tx,
  coins: readonly Coin[],
  height: number,
  { params, previous }: Place,
): Result<Sat, InputFault> {
  const fee = feeOf(tx, coins, height);
  if (!fee.ok) return fee;
  const relativeLocks = height >= params.activation.csv;
  return relativeLocks && !relativeLocksPassed(tx, coins, previous) ? err("bad-txns-nonfinal") : fee;
}

/**
 * The coins that the coinbase of one of the two blocks with a licence repeats, which it overwrites. Bitcoin Core keeps no
 * undo of them; then taking the block back would leave other coins than a chain that never had it.
 */
function overwrittenCoins(
  { block, hash, txids }: HashedBlock,
  height: number,
  { params, storage }: Place,
): readonly Coin[] {
  if (params.duplicateCoinbases.get(height) !== hash) return [];
  const outputs = block.txs[0]?.outputs ?? [];
  const coins = outputs.map(({ script }, vout) =>
    isUnspendable(script) ? undefined : storage.coin({ txid: txids[0] as Txid, vout }),
  );
  return coins.filter((coin) => coin !== undefined);
}

/** BIP 30 §Specification: no transaction may repeat one that still has an unspent output. */
function repeatsCoin({ block, txids }: HashedBlock, { storage }: Place): boolean {
  return txids.some(
    (txid, index) =>
      // What stands nowhere in the chain has no coins.
      storage.place(txid) !== undefined &&
      block.txs[index]?.outputs.some(
        ({ script }, vout) => !isUnspendable(script) && storage.coin({ txid, vout }) !== undefined,
      ),
  );
}
