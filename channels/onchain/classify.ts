import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { localCommitment, localTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { findSecret, secretIndex } from "../keys/commitment-secrets.ts";
import type { Commitments, Failed, Funded } from "../state.ts";
import type { Commitment } from "../tx/commitment.ts";
import { commitmentNumberOf } from "../tx/commitment-number.ts";

/** What a transaction that spends the funding output is to us. BOLT 5 §Failing a Channel. */
export type Publication =
  /** Ours, the only one that is not revoked. */
  | { readonly tag: "local" }
  /** The peer's: the oldest that it has not revoked, or the one after that, which we have signed. */
  | {
      readonly tag: "remote";
      readonly number: bigint;
      readonly point: Uint8Array;
      readonly view: "remote" | "remote_signed";
    }
  /** The peer's, and it has given its secret away: everything in it is ours. */
  | { readonly tag: "revoked"; readonly number: bigint; readonly secret: Uint8Array }
  /** A commitment that we have never heard of: our state is an old one. */
  | { readonly tag: "future"; readonly number: bigint }
  /** Signed by both and no commitment: it pays what was agreed. */
  | { readonly tag: "mutual" };

/**
 * Whether it is no commitment, and was not agreed on either as far as our record tells: no close is agreed on while HTLCs are
 * pending, and what ends a channel that was not being closed is none. BOLT 5 §General Requirements.
 */
export const isUnknown = ({ mutual, cause, commitments }: Failed, { tag }: Publication): boolean =>
  tag === "mutual" && mutual === undefined && (cause.tag === "funding_spent" || commitments.htlcs.length > 0);

/** Our own commitment as it stands, with what it was built of. Asked for at each block, so it is built once for each state. */
const ours = new WeakMap<Commitments["htlcs"], { readonly of: Funded; readonly commitment: Commitment }>();
export function currentLocal(env: ChannelEnv, state: Funded): Commitment {
  const { params, commitments } = state;
  const known = ours.get(commitments.htlcs);
  if (known?.of.commitments.local === commitments.local && known.of.params === params) return known.commitment;
  const { commitment } = localCommitment(env, params, commitments.local.number, specOf(commitments, "local"));
  ours.set(commitments.htlcs, { of: state, commitment });
  return commitment;
}

/** By txid where we know it; of the peer's old ones only the number is left to go by. */
export function classify(env: ChannelEnv, state: Funded, tx: Tx): Publication {
  const { remote, sent, remoteNextPoint, secrets } = state.commitments;
  const txid = txidOf(tx);
  if (txid === currentLocal(env, state).txid) return { tag: "local" };
  if (txid === remote.txid) return { tag: "remote", number: remote.number, point: remote.point, view: "remote" };
  if (sent !== undefined && remoteNextPoint !== undefined && txid === sent.txid)
    return { tag: "remote", number: remote.number + 1n, point: remoteNextPoint, view: "remote_signed" };
  const number = commitmentNumberOf(tx, localTerms(state.params).obscuringFactor);
  if (number === undefined) return { tag: "mutual" };
  const secret = number < remote.number ? findSecret(secrets, secretIndex(number)) : undefined;
  return secret === undefined ? { tag: "future", number } : { tag: "revoked", number, secret };
}
