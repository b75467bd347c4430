import type { NeedsFunding } from "../../../routing/index.ts";
import {
  type Outpoint,
  outpointKey,
  type ShortChannelId,
  scidBlock,
  scidOutputIndex,
  scidTxIndex,
} from "../../base/ids.ts";
import { type BlockHeight, blockHeight, isSat, type Sat, type UnixMs } from "../../base/units.ts";
import type { NodeContext } from "../context.ts";

/** What stands unspent where a short channel id points. */
export interface Proof {
  readonly amount: Sat;
  readonly script: Uint8Array;
  readonly outpoint: Outpoint;
}

/**
 * Policy, not protocol: look-ups that may come to nothing. Each may cost a whole block, and connections cost nothing: so those
 * that a peer begins with are taken from what all strangers have together, or all others. One more comes each minute, and with
 * each that was right. RELIABILITY D10.
 */
const FIRST_FAILURES = 5;
const FAILURES_MAX = 100;
const FAILURE_MS = 60_000;
/** Of all newcomers of a kind together: at once, and one more in this time. */
const NEWCOMERS_FAILURES_MAX = 100;
const NEWCOMERS_FAILURE_MS = 1_000;

/** How many announcements may still turn out to be of no channel. */
export interface Credit {
  left: number;
  countedAt: UnixMs;
}
export const newcomersCredit = (now: UnixMs): Credit => ({ left: NEWCOMERS_FAILURES_MAX, countedAt: now });
/** Of a peer that has just come. */
export function firstCredit(newcomers: Credit, now: UnixMs): Credit {
  count(newcomers, now, NEWCOMERS_FAILURES_MAX, NEWCOMERS_FAILURE_MS);
  const left = Math.min(FIRST_FAILURES, Math.floor(newcomers.left));
  newcomers.left -= left;
  return { left, countedAt: now };
}
/** Whether the chain is asked for this peer at all now. */
export function hasCredit(credit: Credit, now: UnixMs): boolean {
  count(credit, now, FAILURES_MAX, FAILURE_MS);
  return credit.left >= 1;
}
/** One of its announcements was right, or of no channel. */
export function noteProof(credit: Credit, wasRight: boolean): void {
  credit.left = Math.min(FAILURES_MAX, credit.left + (wasRight ? 1 : -1));
}
function count(credit: Credit, now: UnixMs, most: number, everyMs: number): void {
  credit.left = Math.min(most, credit.left + Math.max(0, now - credit.countedAt) / everyMs);
  credit.countedAt = now;
}

/** The funding outputs of announced channels: asked of the chain, watched, and doubted when their block is gone. */
export class GossipProofs {
  readonly #ctx: NodeContext;
  readonly #fundings = new Map<string, ShortChannelId>();
  readonly #doubted = new Set<ShortChannelId>();

  constructor(ctx: NodeContext) {
    this.#ctx = ctx;
  }
  /** Undefined where nothing stands unspent, or the chain cannot say. */
  async find({ shortChannelId: id }: Pick<NeedsFunding, "shortChannelId">): Promise<Proof | undefined> {
    const { chain, log } = this.#ctx;
    try {
      const txid = await chain.txidAt(blockHeight(scidBlock(id)), scidTxIndex(id));
      if (txid === undefined) return undefined;
      const outpoint: Outpoint = { txid, vout: scidOutputIndex(id) };
      const output = await chain.unspent(outpoint);
      if (output === undefined || !isSat(output.amount)) return undefined;
      return { amount: output.amount, script: output.script, outpoint };
    } catch (error) {
      log.warn("the chain did not answer", { error: String(error) });
      return undefined;
    }
  }
  watch(id: ShortChannelId, outpoint: Outpoint, script: Uint8Array = new Uint8Array(0)): void {
    this.#fundings.set(outpointKey(outpoint), id);
    const from = blockHeight(scidBlock(id));
    this.#ctx.chain.watch([{ tag: "Outpoint", outpoint, script, from }]);
  }
  channelOf(outpoint: Outpoint): ShortChannelId | undefined {
    return this.#fundings.get(outpointKey(outpoint));
  }
  forget(ids: readonly ShortChannelId[]): void {
    if (ids.length === 0) return;
    const gone = new Set(ids);
    for (const [outpoint, id] of this.#fundings) if (gone.has(id)) this.#fundings.delete(outpoint);
  }
  /** Its block is no longer in the best chain. */
  doubt(id: ShortChannelId): void {
    this.#doubted.add(id);
  }
  /** Of the doubted channels up to this height those whose funding output stands there no more. */
  async refuted(height: BlockHeight): Promise<readonly ShortChannelId[]> {
    const refuted: ShortChannelId[] = [];
    for (const id of [...this.#doubted].filter((doubted) => scidBlock(doubted) <= height)) {
      this.#doubted.delete(id);
      const proof = await this.find({ shortChannelId: id });
      if (proof === undefined || this.channelOf(proof.outpoint) !== id) refuted.push(id);
    }
    return refuted;
  }
}
