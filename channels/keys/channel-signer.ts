import type { Result } from "../../src/base/result.ts";
import type { KeyPath } from "../../src/bitcoin/key-path.ts";
import type { AnnouncementSignaturePair } from "../state.ts";
import type { ChannelKeys } from "./channel-keys.ts";
import type { ClaimRefusal, ClaimRequest } from "./claim-signer.ts";
import type { Signatures, SigningRefusal, SigningRequest } from "./signer.ts";

/**
 * All that has the keys of one channel. It answers at once, in this process or from another one, and judges by itself:
 * whoever asks, it gives no signature and no secret with which an honest channel could lose.
 */
export interface ChannelSigner {
  /**
   * What the channel machine may know. Asking for the secret of a commitment is what revokes it: from then on it is never
   * signed for broadcast. The secret of one that was signed for broadcast is not given: throws, as asking is a bug of ours.
   */
  readonly keys: ChannelKeys;
  /** Commitments and closings: what spends the funding output. */
  sign(request: SigningRequest): Result<Signatures, SigningRefusal>;
  /**
   * Outputs of ours in what the chain has made of the channel. 64 bytes compact.
   * @param pays the key of the wallet to which each output of the transaction goes; undefined of a second stage's own
   */
  signClaim(request: ClaimRequest, pays: readonly (KeyPath | undefined)[]): Result<Uint8Array, ClaimRefusal>;
  /**
   * Both our signatures under a `channel_announcement` of this channel. BOLT 7 §The channel_announcement Message.
   *
   * @param announcement the message's bytes without its type; the signatures in it count for nothing
   */
  announce(announcement: Uint8Array): Result<AnnouncementSignaturePair, AnnouncementRefusal>;
}
/** What is to be signed is no announcement of this channel. */
export interface AnnouncementRefusal {
  readonly code: "not_our_announcement";
}
