import type { Txid } from "../base/ids.ts";
import { err, type Result } from "../base/result.ts";
import { consensusFlags } from "../bitcoin/interpreter/flags.ts";
import { isCoinbase, type Tx, type TxOut, wtxidOf } from "../bitcoin/tx.ts";
import type { Chain } from "./chain.ts";
import { checkBlock, checkBlockInContext } from "./check-block.ts";
import type { Coin } from "./coins.ts";
import type { Place } from "./connect-block.ts";
import type { BlockFault } from "./faults.ts";
import type { HashedBlock, HashedClaim } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import type { BlockScripts, ScriptCheck } from "./scripts.ts";

/**
 * Who verifies scripts beside the chain, on other cores. It is told of those of a block as soon as what they spend is known, while
 * the block itself is still being checked, and answers nothing: its verdict on a block that waits for it is asked for by whoever
 * runs the chain.
 */
export interface ScriptVerifier {
  begin(scripts: BlockScripts): void;
  /** Nobody will ask for what comes of the last. */
  giveUp(): void;
}

/** Scripts of a block that are to be verified, and the coins found on the way to them. */
export interface GatheredScripts {
  readonly scripts: BlockScripts;
  /** What the block's inputs spend, in their order but for the coinbase's; nothing where the block itself creates it. */
  readonly coins: readonly (Coin | undefined)[];
}

/** Undefined when a coin is missing: then the block is invalid, and not for its scripts. */
export function gatherScripts(hashed: HashedBlock, place: Omit<Place, "gathered">): GatheredScripts | undefined {
  const { block, txids, hash } = hashed;
  const { previous, params, storage, verified } = place;
  const coins: (Coin | undefined)[] = [];
  const created = new Map<Txid, Tx>();
  const checks: ScriptCheck[] = [];
  let inputs = 0;
  for (const [index, tx] of block.txs.entries()) {
    if (!isCoinbase(tx)) {
      const spent: TxOut[] = [];
      for (const { prevout } of tx.inputs) {
        const parent = created.get(prevout.txid);
        const coin = parent === undefined ? storage.coin(prevout) : undefined;
        coins.push(coin);
        const output = parent === undefined ? coin?.output : parent.outputs[prevout.vout];
        if (output === undefined) return undefined;
        spent.push(output);
      }
      if (verified.size === 0 || !verified.has(wtxidOf(tx))) {
        checks.push({ index, tx, spent });
        inputs += spent.length;
      }
    }
    created.set(txids[index] as Txid, tx);
  }
  return { scripts: { flags: consensusFlags(previous.height + 1, params, hash), checks, inputs }, coins };
}

/** What has been gathered of a block on the tip while it is being taken in. */
export interface Ahead {
  readonly block: HashedBlock;
  readonly gathered: GatheredScripts | undefined;
}
/** @param mayWait  the block for its verdict */
function gatherAndBegin(chain: Chain, block: HashedBlock, mayWait: boolean): GatheredScripts | undefined {
  const { params, storage, verified, verifier, inputsAtOnce, tip } = chain;
  const gathered = gatherScripts(block, { previous: tip, params, storage, verified });
  if (mayWait && gathered !== undefined && gathered.scripts.inputs > inputsAtOnce) verifier?.begin(gathered.scripts);
  return gathered;
}
/** What is wrong with a block without its coins. If it is the next on the tip, its scripts are begun with on the way. */
export function checkAndBegin(chain: Chain, claimed: HashedClaim, parent: HeaderNode): Result<HashedBlock, BlockFault> {
  const checked = checkBlock(claimed);
  if (!checked.ok) return checked;
  const block = checked.value;
  // Before this nothing was known of it but its header: whoever sends other transactions with it gets no work done.
  if (parent === chain.tip && chain.waiting === undefined)
    chain.ahead = { block, gathered: gatherAndBegin(chain, block, true) };
  const misplaced = checkBlockInContext(block.block, parent, chain.params);
  return misplaced === undefined ? checked : err(misplaced);
}
/** What was begun with of this block, or else is now. */
export function takeAhead(chain: Chain, block: HashedBlock, mayWait: boolean): GatheredScripts | undefined {
  const { ahead } = chain;
  if (ahead?.block !== block) return gatherAndBegin(chain, block, mayWait);
  chain.ahead = undefined;
  return ahead.gathered;
}
/** The block that was begun with is not connected. */
export function dropAhead(chain: Chain): void {
  if (chain.ahead === undefined) return;
  chain.ahead = undefined;
  chain.verifier?.giveUp();
}
