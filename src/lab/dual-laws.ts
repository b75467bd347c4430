import type { DurableState, FundingAttempt } from "../../channels/index.ts";
import { equalBytes } from "../base/bytes.ts";
import type { ChannelId } from "../base/ids.ts";
import type { TxSignatures } from "../wire/interactive-tx.ts";
import type { ChannelReestablish, CommitmentSigned } from "../wire/updates.ts";
import type { Leaving } from "./laws.ts";

const attemptsOf = (state: DurableState | undefined): readonly FundingAttempt[] => {
  if (state?.tag === "WaitForFundingSignatures") return [state.attempt];
  if (state === undefined || !("funding" in state)) return [];
  const { signed, next } = state.attempts;
  return next === undefined ? signed : [...signed, next];
};
const writtenFor = ({ durable }: Pick<Leaving, "durable">, id: ChannelId): readonly FundingAttempt[] =>
  attemptsOf(durable.channels.get(id));

/** Whether it signs the first commitment of a funding transaction that is remembered. */
export const signsAttempt = (leaving: Pick<Leaving, "durable">, { channel_id, signature }: CommitmentSigned): boolean =>
  writtenFor(leaving, channel_id).some(({ sent }) => equalBytes(sent.signature, signature));

/** Our witnesses leave only with the peer's signature on our commitment on disk: else what they put in could not be got back. */
export function witnessesAttempt(leaving: Leaving, { channel_id, txid }: TxSignatures): string | undefined {
  const state = leaving.durable.channels.get(channel_id);
  if (state === undefined || !("commitments" in state)) return "the channel is not written";
  const attempt = writtenFor(leaving, channel_id).find(({ params }) => params.funding.txid === txid);
  if (attempt === undefined) return "the funding transaction is not written";
  return attempt.received === undefined ? "the peer's signature on our commitment is not written" : undefined;
}

/** Of a channel that nobody has funded yet. */
export function resumesAttempt(leaving: Leaving, message: ChannelReestablish): string | undefined {
  const { next_commitment_number: next, next_revocation_number: revoked, next_funding: funding } = message;
  if (next !== 1n || revoked !== 0n) return "counts commitments of a channel that has none";
  const known = writtenFor(leaving, message.channel_id).some(
    ({ params }) => params.funding.txid === funding?.next_funding_txid,
  );
  return known ? undefined : "the funding transaction is not written";
}
