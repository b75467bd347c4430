import { err, ok, type Result } from "../src/base/result.ts";
import type { BlockHeight, CltvExpiry, Msat } from "../src/base/units.ts";
import { type FailureMessage, NO_UPDATE } from "./onion/failure-messages.ts";
import { type FeePolicy, rawFee } from "./path/cost.ts";

/** What we have advertised for the channel that a forward would leave over. BOLT 7 §The channel_update Message. */
export interface ForwardPolicy extends FeePolicy {
  readonly cltvExpiryDelta: number;
  readonly htlcMinimum: Msat;
  readonly htlcMaximum: Msat;
  readonly enabled: boolean;
}
/** What an HTLC carries, and when it ends. */
export interface HtlcTerms {
  readonly amount: Msat;
  readonly expiry: CltvExpiry;
}

/** No HTLC may lock funds for longer, in blocks. BOLT 4 §max_htlc_cltv Selection. */
export const CLTV_EXPIRY_BLOCKS_MAX = 2016;
/** Policy, not protocol: an outgoing HTLC that ends within so many blocks is not worth a channel. */
export const EXPIRY_MARGIN_BLOCKS = 9;

/**
 * Whether an HTLC may be forwarded, by what we have advertised. Of several failures the first in the BOLT's list is
 * given. A peer whose sender used our previous policy is served by a second call with that one.
 *
 * @param policy   of the outgoing channel; undefined when the onion names none of ours
 * @param incoming the HTLC that was offered to us
 * @param outgoing what the onion asks us to offer
 * @param margin   in blocks: what ends sooner is not worth a channel
 *
 * Source: BOLT 4 §Accepting and Forwarding a Payment, BOLT 4 §Failure Messages.
 */
export function checkForward(
  policy: ForwardPolicy | undefined,
  incoming: HtlcTerms,
  outgoing: HtlcTerms,
  height: BlockHeight,
  margin = EXPIRY_MARGIN_BLOCKS,
): Result<void, FailureMessage> {
  const channel_update = NO_UPDATE;
  if (policy === undefined) return err({ name: "unknown_next_peer" });
  if (outgoing.amount > policy.htlcMaximum) return err({ name: "temporary_channel_failure", channel_update });
  if (outgoing.amount < policy.htlcMinimum)
    return err({ name: "amount_below_minimum", htlc_msat: outgoing.amount, channel_update });
  if (incoming.amount < outgoing.amount + rawFee(policy, outgoing.amount))
    return err({ name: "fee_insufficient", htlc_msat: incoming.amount, channel_update });
  if (incoming.expiry < outgoing.expiry + policy.cltvExpiryDelta)
    return err({ name: "incorrect_cltv_expiry", cltv_expiry: outgoing.expiry, channel_update });
  if (outgoing.expiry <= height + margin) return err({ name: "expiry_too_soon", channel_update });
  if (!policy.enabled) return err({ name: "channel_disabled", disabled_flags: 0, channel_update });
  if (incoming.expiry > height + CLTV_EXPIRY_BLOCKS_MAX) return err({ name: "expiry_too_far" });
  return ok(undefined);
}
