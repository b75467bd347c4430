import { assert, present } from "../../src/base/result.ts";
import type { SatPerKw } from "../../src/base/units.ts";
import { MESSAGE_BYTES_MAX } from "../../src/wire/registry.ts";
import type {
  RevokeAndAck,
  UpdateAddHtlc,
  UpdateFailHtlc,
  UpdateFailMalformedHtlc,
  UpdateFee,
  UpdateFulfillHtlc,
} from "../../src/wire/updates.ts";
import type { ChannelEnv } from "../env.ts";
import type { Attributed, OfferedHtlc, ReceivedHtlc } from "../htlc.ts";
import type { Funded } from "../state.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";

/** What leaves for an update, and again, byte for byte, when the peer lacks it. BOLT 2 §Message Retransmission. */
export const addMessage = (state: Funded, htlc: OfferedHtlc): UpdateAddHtlc => ({
  name: "update_add_htlc",
  channel_id: state.params.channelId,
  id: htlc.id,
  amount_msat: htlc.amount,
  payment_hash: htlc.paymentHash,
  cltv_expiry: htlc.expiry,
  onion_routing_packet: htlc.onion,
});

export const feeMessage = (state: Funded, feerate: SatPerKw): UpdateFee => ({
  name: "update_fee",
  channel_id: state.params.channelId,
  feerate_per_kw: feerate,
});

const attributionTlv = ({ attribution }: Attributed) =>
  attribution === undefined ? {} : { attribution_data: attribution };
/** The longest reason that leaves room for attribution: who is not told by whom must still be told why. RELIABILITY D13. */
const ATTRIBUTED_REASON_BYTES_MAX = MESSAGE_BYTES_MAX - (2 + 32 + 8 + 2) - (1 + 3 + 20 * 4 + 210 * 4);
/** The message that removes an HTLC: the same each time, but for the attribution, which a restart loses. */
export function removalMessage(
  state: Funded,
  htlc: ReceivedHtlc,
): UpdateFulfillHtlc | UpdateFailHtlc | UpdateFailMalformedHtlc {
  const { removal } = htlc;
  assert(removal !== undefined, "what is to be removed has an end");
  const named = { channel_id: state.params.channelId, id: htlc.id };
  switch (removal.tag) {
    case "fulfilled":
      return { name: "update_fulfill_htlc", ...named, payment_preimage: removal.preimage, ...attributionTlv(removal) };
    case "failed":
      return {
        name: "update_fail_htlc",
        ...named,
        reason: removal.reason,
        ...(removal.reason.length > ATTRIBUTED_REASON_BYTES_MAX ? {} : attributionTlv(removal)),
      };
    case "malformed":
      return {
        name: "update_fail_malformed_htlc",
        ...named,
        sha256_of_onion: removal.sha256OfOnion,
        failure_code: removal.code,
      };
  }
}

/** Gives up the commitment before our current one for ever. BOLT 2 §Completing the Transition to the Updated State: revoke_and_ack. */
export function revocationMessage(env: ChannelEnv, state: Funded): RevokeAndAck {
  const { number } = state.commitments.local;
  assert(number > 0n, "there is a commitment before the current one");
  const secret = present(env.keys.commitmentSecret(number - 1n), "our own secrets can be derived");
  const point = env.keys.commitmentPoint(number + 1n < COMMITMENT_NUMBER_MAX ? number + 1n : COMMITMENT_NUMBER_MAX);
  return {
    name: "revoke_and_ack",
    channel_id: state.params.channelId,
    per_commitment_secret: secret,
    next_per_commitment_point: point,
  };
}
