import type { Claim } from "../../../channels/index.ts";
import type { ChannelId } from "../../base/ids.ts";
import { feeForWeightCeil, type Sat, type SatPerKw, sat, sumSat, ZERO_SAT } from "../../base/units.ts";
import { type InsufficientFunds, P2WPKH_INPUT_WEIGHT } from "../../bitcoin/coins.ts";
import type { NodeContext } from "../context.ts";
import type { Turn } from "../turn.ts";

/** A claim for whose fee the wallet has no coins. */
export interface UnpaidClaim {
  readonly claim: Claim;
  /** What a coin would have to hold, in sat, with the fee of spending it. */
  readonly missing: Sat;
}
export const unpaid = (claim: Claim, { needed, available }: InsufficientFunds, feerate: SatPerKw): UnpaidClaim => ({
  claim,
  missing: sat(needed - available + feeForWeightCeil(feerate, P2WPKH_INPUT_WEIGHT)),
});

/** It is told again when so much more is missing than was told last, in percent. Policy, not protocol. */
const MORE_PERCENT = 125n;

/**
 * Tells whoever runs this node that money is being lost for want of a coin (RELIABILITY O21): second stages and commitments
 * with anchors pay no fee, and a wallet may be empty because nothing was ever put into it. By the event
 * `channel.claims_unpaid`, once for each channel and again when much more is missing; and by what the balance shows.
 */
export class UnpaidClaims {
  readonly #ctx: NodeContext;
  readonly #told = new Map<ChannelId, Sat>();
  readonly #now = new Map<ChannelId, Sat>();

  constructor(ctx: NodeContext) {
    this.#ctx = ctx;
  }
  /** In sat, over all channels. */
  get missing(): Sat {
    return sumSat([...this.#now.values()]);
  }

  /** All that a channel could not claim in this block. */
  hear(turn: Turn, channelId: ChannelId, claims: readonly UnpaidClaim[]): void {
    if (claims.length === 0) {
      this.#told.delete(channelId);
      this.#now.delete(channelId);
      return;
    }
    const missing = sumSat(claims.map((one) => one.missing));
    this.#now.set(channelId, missing);
    const told = this.#told.get(channelId) ?? ZERO_SAT;
    if (missing * 100n < told * MORE_PERCENT) return;
    this.#told.set(channelId, missing);
    const deadline = firstDeadline(claims);
    const data = {
      channelId,
      claims: claims.length,
      missingSat: missing.toString(),
      ...(deadline !== undefined && { deadline }),
    };
    this.#ctx.log.error("no coins to pay the fees of claims: put some into the wallet", data);
    this.#ctx.events.record(turn, "channel.claims_unpaid", data);
  }
}

/** The block from which on somebody else may have one of them; undefined where none is in a hurry. */
function firstDeadline(claims: readonly UnpaidClaim[]): number | undefined {
  const heights = claims.flatMap(({ claim }) => claim.budgets.flatMap(({ deadline }) => deadline ?? []));
  return heights.length === 0 ? undefined : Math.min(...heights);
}
