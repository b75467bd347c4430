import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { msat, type Sat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { Signatures } from "../keys/signer.ts";
import type { ChannelParams } from "../params.ts";
import type { SpliceTx } from "../splice/state.ts";
import type { Commitments, FundingProgress } from "../state.ts";

/** What of a channel's parameters belongs to one funding output. */
export interface FundingTerms {
  readonly outpoint: Outpoint;
  readonly capacity: Sat;
  /** Of the 2-of-2 behind it. */
  readonly keys: { readonly local: Uint8Array; readonly remote: Uint8Array };
  /** What each side asks the other to keep. */
  readonly reserves: { readonly local: Sat; readonly remote: Sat };
}

/**
 * Another output that holds, may come to hold, or held the channel's money, beside the one of `params`. HTLCs, numbers,
 * points, secrets and feerates are those of the channel: each update is made on all fundings at once, and each commitment
 * of a number is revoked by the same secret. What differs stands in here. BOLT 2 §Splice Completion.
 */
export interface OtherFunding {
  /**
   * - `signing`: its transaction is not yet signed by both; no update is made at all meanwhile
   * - `past`: replaced by one that is locked, and kept only while a reorganisation may bring it back; no update is made on it
   */
  readonly role: "signing" | "active" | "past";
  readonly terms: FundingTerms;
  /** In msat, what each side has more on it than on the current one. */
  readonly shift: { readonly local: bigint; readonly remote: bigint };
  /** Our newest commitment on it, and what the peer signed for that. */
  readonly local: { readonly number: bigint; readonly signatures: Signatures };
  /** The peer's oldest on it that was not revoked when it was last updated. */
  readonly remote: { readonly number: bigint; readonly txid: Txid };
  /** The peer's next one, if that is signed and not revoked. */
  readonly sent: { readonly txid: Txid; readonly signatures: Signatures } | undefined;
  readonly progress: FundingProgress;
  /** Who has sent `splice_locked` for it. */
  readonly locked: { readonly local: boolean; readonly remote: boolean };
  /** Of a splice: how its transaction comes about. */
  readonly made: SpliceTx | undefined;
}

/** The transaction that makes it, with or without witnesses; undefined of one that the peer alone has made. */
export const fundingTxOf = ({ made, progress }: OtherFunding): Tx | undefined => made?.constructed.tx ?? progress.tx;

export const termsOf = ({ funding, capacity, local, remote }: ChannelParams): FundingTerms => ({
  outpoint: funding,
  capacity,
  keys: { local: local.basepoints.fundingPubkey, remote: remote.basepoints.fundingPubkey },
  reserves: { local: local.channelReserve, remote: remote.channelReserve },
});

/** Each made once: what else is remembered of parameters is remembered by their identity. */
const made = new WeakMap<FundingTerms, { readonly of: ChannelParams; readonly params: ChannelParams }>();
/** The channel's parameters as if this were its funding output. */
export function paramsOn(params: ChannelParams, terms: FundingTerms): ChannelParams {
  const known = made.get(terms);
  if (known?.of === params) return known.params;
  const { outpoint, capacity, keys, reserves } = terms;
  const side = (which: "local" | "remote") => ({
    ...params[which],
    basepoints: { ...params[which].basepoints, fundingPubkey: keys[which] },
    channelReserve: reserves[which],
  });
  const on: ChannelParams = {
    ...params,
    funding: outpoint,
    capacity,
    local: side("local"),
    remote: side("remote"),
  };
  made.set(terms, { of: params, params: on });
  return on;
}

/** The channel's commitments as if `other` were its funding output; on it no others are seen. */
export function commitmentsOn(commitments: Commitments, other: OtherFunding): Commitments {
  const { balance, local, remote, sent } = commitments;
  const { shift } = other;
  const isLevel = other.remote.number === remote.number;
  return {
    ...commitments,
    balance: { local: msat(balance.local + shift.local), remote: msat(balance.remote + shift.remote) },
    local: other.local.number === local.number ? other.local : local,
    remote: isLevel ? { ...remote, txid: other.remote.txid } : remote,
    sent: sent && isLevel && other.sent !== undefined ? { ...sent, ...other.sent } : undefined,
    others: [],
  };
}

/** One funding, with the parameters and commitments that the channel would have if there were no other. */
export interface OnFunding {
  readonly params: ChannelParams;
  readonly commitments: Commitments;
}
/** Every other funding on which updates are made: an update must be valid on each. BOLT 2 §Splice Completion. */
export function onOthers(params: ChannelParams, commitments: Commitments): readonly OnFunding[] {
  if (commitments.others.length === 0) return [];
  return activeOf(commitments).map((other) => ({
    params: paramsOn(params, other.terms),
    commitments: commitmentsOn(commitments, other),
  }));
}
export const activeOf = ({ others }: Commitments): readonly OtherFunding[] =>
  others.length === 0 ? others : others.filter(({ role }) => role === "active");
