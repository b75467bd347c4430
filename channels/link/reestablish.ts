import { equalBytes } from "../../src/base/bytes.ts";
import { assert, present } from "../../src/base/result.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { ChannelReestablish } from "../../src/wire/updates.ts";
import { nextFunding, unfinished } from "../dual/reconnect.ts";
import type { ChannelEnv } from "../env.ts";
import { findSecret, secretIndex } from "../keys/commitment-secrets.ts";
import { spliceReestablish } from "../splice/reconnect.ts";
import type { Commitments, Funded } from "../state.ts";

const NO_SECRET = new Uint8Array(32);

/** Where we stand, as the peer has to know it. BOLT 2 §Message Retransmission. */
export function reestablishMessage(env: ChannelEnv, state: Funded): ChannelReestablish {
  const { local, remote, secrets } = state.commitments;
  const last = remote.number === 0n ? NO_SECRET : findSecret(secrets, secretIndex(remote.number - 1n));
  const point = env.keys.commitmentPoint(local.number);
  assert(point.length === 33, "a valid point is always sent");
  return {
    name: "channel_reestablish",
    channel_id: state.params.channelId,
    next_commitment_number: local.number + 1n,
    next_revocation_number: remote.number,
    your_last_per_commitment_secret: present(last, "the secret of every revoked commitment is kept"),
    my_current_per_commitment_point: point,
    ...nextFunding(unfinished(state)),
    ...spliceReestablish(env, state),
  };
}

/** What of ours the peer lacks, or why the channel cannot go on. */
export type Verdict =
  | {
      readonly tag: "resume";
      readonly commitment: boolean;
      readonly revocation: boolean;
    }
  /** The peer has proved that it is ahead: our state is an old one. */
  | { readonly tag: "we_lost_data" }
  /** The peer is behind, or asks for a close. */
  | { readonly tag: "peer_lost_data" }
  | { readonly tag: "wrong_secret" }
  /** The peer claims to be ahead and cannot prove it. */
  | { readonly tag: "unproven_future" };

/** How a number that the peer names compares with what we know. */
type Standing = "behind" | "one_back" | "level" | "ahead";
const standing = (named: bigint, level: bigint): Standing =>
  named === level ? "level" : named > level ? "ahead" : named === level - 1n ? "one_back" : "behind";

/**
 * The decision table of a reconnection: rows are the revocations that the peer has of ours, columns the commitments
 * that it has of ours. What is not `resume` ends the channel. BOLT 2 §Message Retransmission.
 */
const TABLE: { readonly [R in Standing]: { readonly [C in Standing]: Verdict["tag"] } } = {
  behind: {
    behind: "peer_lost_data",
    one_back: "peer_lost_data",
    level: "peer_lost_data",
    ahead: "unproven_future",
  },
  one_back: { behind: "peer_lost_data", one_back: "resume", level: "resume", ahead: "unproven_future" },
  level: { behind: "peer_lost_data", one_back: "resume", level: "resume", ahead: "unproven_future" },
  ahead: { behind: "we_lost_data", one_back: "we_lost_data", level: "we_lost_data", ahead: "we_lost_data" },
};

/** The verdict on the peer's `channel_reestablish`. */
export function judgeReestablish(env: ChannelEnv, commitments: Commitments, message: ChannelReestablish): Verdict {
  const { local, remote, sent } = commitments;
  // The number that our next new commitment_signed would have.
  const level = sent === undefined ? remote.number + 1n : remote.number + 2n;
  const received = standing(message.next_commitment_number, level);
  const commitment = received === "one_back" && sent === undefined ? "behind" : received;
  const revocation = standing(message.next_revocation_number, local.number);
  if (message.next_commitment_number === 0n) return { tag: "peer_lost_data" };
  const proven = holdsOurSecret(env, message);
  const tag = TABLE[revocation][commitment];
  if (tag === "we_lost_data") return proven ? { tag } : { tag: "unproven_future" };
  if (!proven) return { tag: "wrong_secret" };
  if (tag !== "resume") return { tag } as Verdict;
  return { tag, commitment: commitment === "one_back", revocation: revocation === "one_back" };
}

/** Whether the peer shows the secret that we revealed last by its own count. */
function holdsOurSecret(env: ChannelEnv, message: ChannelReestablish): boolean {
  const { next_revocation_number: count, your_last_per_commitment_secret: shown } = message;
  if (count === 0n) return true;
  if (count > 1n << 48n || !secp256k1.isSecret(shown)) return false;
  // By its point: asking our signer for a secret is what gives it away.
  return equalBytes(secp256k1.publicKey(shown), env.keys.commitmentPoint(count - 1n));
}
