import { type FundedState, fundingOutpoints } from "../../channels/index.ts";
import { equalBytes } from "../base/bytes.ts";
import type { ChannelId, Txid } from "../base/ids.ts";
import type { TxSignatures } from "../wire/interactive-tx.ts";
import type { CommitmentSigned } from "../wire/updates.ts";
import type { Leaving } from "./laws.ts";

type Other = FundedState["commitments"]["others"][number];
function writtenFor({ durable }: Leaving, id: ChannelId): readonly Other[] {
  const state = durable.channels.get(id);
  return state !== undefined && "commitments" in state ? state.commitments.others : [];
}

/** Whether it signs a commitment over another funding that is remembered: the first one on it, or the newest. */
export const signsSplice = (leaving: Leaving, { channel_id, signature, funding_txid }: CommitmentSigned): boolean =>
  writtenFor(leaving, channel_id).some(
    ({ terms, made, sent }) =>
      terms.outpoint.txid === funding_txid &&
      [made?.sent, sent].some((signed) => signed !== undefined && equalBytes(signatureIn(signed), signature)),
  );
/**
 * Whether it signs for a splice that is not on disk. One that the peer gives up in the moment in which it is written is gone
 * again before it was there; then `tx_abort` follows.
 */
export const signsForgotten = (
  { durable }: Pick<Leaving, "durable">,
  { channel_id, funding_txid }: CommitmentSigned,
): boolean => {
  const state = durable.channels.get(channel_id);
  if (state === undefined || !("commitments" in state) || funding_txid === undefined) return false;
  return !fundingOutpoints(state).some(({ txid }) => txid === funding_txid);
};
const signatureIn = (signed: NonNullable<Other["sent"]> | NonNullable<Other["made"]>["sent"]): Uint8Array =>
  "signatures" in signed ? signed.signatures.signature : signed.signature;

/** Whether our half of a splice leaves with the peer's commitment on disk: else what it moves could not be got back. */
export const witnessesSplice = (leaving: Leaving, { channel_id, txid }: TxSignatures): boolean =>
  writtenFor(leaving, channel_id).some(
    ({ terms, made }) => terms.outpoint.txid === txid && made?.received === true && made.signature !== undefined,
  );

/** What we say that we have locked is written as locked. */
export function lockedSplice({ params, commitments }: FundedState, txid: Txid): string | undefined {
  const isLocked =
    params.funding.txid === txid ||
    commitments.others.some(({ terms, locked }) => terms.outpoint.txid === txid && locked.local);
  return isLocked ? undefined : "the splice is not marked locked";
}
