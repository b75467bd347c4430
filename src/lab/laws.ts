import { type FormSignature, formSignatures } from "../../channels/close/proposal.ts";
import type { ChannelKeys, DurableState, FundedState, Htlc, HtlcOrigin, OfferedHtlc } from "../../channels/index.ts";
import { equalBytes, toHex } from "../base/bytes.ts";
import type { ChannelId, NodeId } from "../base/ids.ts";
import { scriptSignature } from "../bitcoin/der.ts";
import { SIGHASH_ALL } from "../bitcoin/sighash.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { ClosingComplete } from "../wire/closing.ts";
import type { MessageName, WireMessage } from "../wire/registry.ts";
import type { CommitmentSigned, RevokeAndAck } from "../wire/updates.ts";
import type { Fault } from "./books.ts";
import { resumesAttempt, signsAttempt, witnessesAttempt } from "./dual-laws.ts";
import { circuitKey, type Ledger } from "./ledger.ts";
import { lockedSplice, signsSplice, witnessesSplice } from "./splice-laws.ts";

/** The moment at which a message leaves a node, with what its store holds then. */
export interface Leaving {
  readonly peer: NodeId;
  /** What a power cut would leave. */
  readonly durable: Ledger;
  /** The node's keys of one channel. */
  readonly keys: (index: number) => ChannelKeys;
  /** Whether the chain itself has ended an HTLC that was offered in a channel that has failed. */
  readonly isGone: (state: FundedState, htlc: OfferedHtlc) => boolean;
}
/** What must hold when a message leaves; the answer says what does not: as text, when it is that something is not durable. */
type Law<M> = (leaving: Leaving, message: M) => string | Fault | undefined;
type Laws = { readonly [N in MessageName]: Law<Extract<WireMessage, { readonly name: N }>> };

/** Rests on nothing that could be lost: it can be said again, or not at all. */
const free: Law<unknown> = () => undefined;
/** Of a part of the protocol that this node does not speak. */
const unspoken: Law<WireMessage> = (_, { name }) => `this node never sends ${name}`;

/** What must be durable before what leaves the process: the table of RELIABILITY §4a, for every message that is declared. */
export const LAWS: Laws = {
  open_channel: (leaving, { funding_pubkey }) => keyIndexUsed(leaving, funding_pubkey),
  accept_channel: (leaving, { funding_pubkey }) => keyIndexUsed(leaving, funding_pubkey),
  // The peer can publish nothing with it before we have broadcast the funding transaction.
  funding_created: free,
  funding_signed: (leaving, { channel_id }) => funded(leaving, channel_id, () => undefined),
  channel_ready: (leaving, { channel_id }) =>
    funded(leaving, channel_id, ({ ready }) => (ready.local ? undefined : "the channel is not marked ready")),
  announcement_signatures: free,
  update_add_htlc: free,
  update_fee: free,
  update_fulfill_htlc: (leaving, { channel_id, id, payment_preimage }) =>
    funded(leaving, channel_id, (state) => {
      const htlc = received(state, id);
      if (htlc?.removal?.tag !== "fulfilled") return `HTLC ${id} is not marked fulfilled`;
      if (htlc.removal.preimage !== payment_preimage) return `HTLC ${id} is marked fulfilled with another preimage`;
      return receiptOf(leaving.durable, channel_id, htlc);
    }),
  update_fail_htlc: (leaving, { channel_id, id }) => downstreamGone(leaving, channel_id, id),
  update_fail_malformed_htlc: (leaving, { channel_id, id }) => downstreamGone(leaving, channel_id, id),
  commitment_signed: (leaving, message) =>
    signsAttempt(leaving, message) || signsSplice(leaving, message)
      ? undefined
      : funded(leaving, message.channel_id, (state) => signedCommitment(leaving, state, message)),
  revoke_and_ack: (leaving, message) =>
    funded(leaving, message.channel_id, (state) => revokedCommitment(leaving, state, message)),
  channel_reestablish: (leaving, message) => {
    const { channel_id, next_commitment_number: next, next_revocation_number: revoked } = message;
    // Nothing is known of its commitments, so none is counted.
    if (leaving.durable.channels.get(channel_id)?.tag === "Restored")
      return next + revoked === 0n ? undefined : "a restored channel counts no commitment";
    if (leaving.durable.channels.get(channel_id)?.tag === "WaitForFundingSignatures")
      return resumesAttempt(leaving, message);
    return funded(leaving, channel_id, ({ commitments: { local, remote } }) => {
      if (next !== local.number + 1n) return `counts commitments from ${local.number}`;
      return revoked === remote.number ? undefined : `counts revocations from ${remote.number}`;
    });
  },
  shutdown: (leaving, { channel_id, scriptpubkey }) =>
    funded(leaving, channel_id, (state) => {
      const script = "close" in state ? state.close.localScript : undefined;
      return script !== undefined && equalBytes(script, scriptpubkey) ? undefined : "the script is not written";
    }),
  closing_signed: (leaving, { channel_id, fee_satoshis, signature }) =>
    funded(leaving, channel_id, (state) => {
      const offers = "signed" in state ? state.signed : [];
      const known = offers.some((offer) => offer.fee === fee_satoshis && equalBytes(offer.signature, signature));
      return known ? undefined : "the closing transaction is not written";
    }),
  closing_complete: (leaving, message) =>
    funded(leaving, message.channel_id, (state) => {
      const offers = "simple" in state ? state.simple.offered : [];
      const known = offers.some(
        ({ fee, signatures }) => fee === message.fee_satoshis && areSigned(signatures, message),
      );
      return known ? undefined : "the closing transaction is not written";
    }),
  closing_sig: (leaving, message) =>
    funded(leaving, message.channel_id, (state) => {
      const complete = "simple" in state ? state.simple.complete : [];
      const known = formSignatures(message).every(({ signature }) => complete.some((tx) => isSignedBy(tx, signature)));
      return known ? undefined : "the closing transaction is not written";
    }),

  init: free,
  ping: free,
  pong: free,
  error: free,
  warning: free,
  channel_announcement: free,
  node_announcement: free,
  channel_update: free,
  query_short_channel_ids: free,
  reply_short_channel_ids_end: free,
  query_channel_range: free,
  reply_channel_range: free,
  gossip_timestamp_filter: free,
  // Of what a peer keeps for us nothing of ours ever follows but that our store is an old copy.
  peer_storage: free,
  peer_storage_retrieval: free,

  stfu: free,
  open_channel2: (leaving, { funding_pubkey }) => keyIndexUsed(leaving, funding_pubkey),
  accept_channel2: (leaving, { funding_pubkey }) => keyIndexUsed(leaving, funding_pubkey),
  tx_add_input: free,
  tx_add_output: free,
  tx_remove_input: free,
  tx_remove_output: free,
  tx_complete: free,
  tx_signatures: (leaving, message) =>
    witnessesSplice(leaving, message) ? undefined : witnessesAttempt(leaving, message),
  tx_init_rbf: free,
  tx_ack_rbf: free,
  tx_abort: free,
  splice_locked: (leaving, { channel_id, splice_txid }) =>
    funded(leaving, channel_id, (state) => lockedSplice(state, splice_txid)),
  splice_init: free,
  splice_ack: free,
  start_batch: free,
  onion_message: unspoken,
};

/** What the law says of a message that leaves now. */
export function broken(leaving: Leaving, message: WireMessage): Fault | undefined {
  const fault = (LAWS[message.name] as Law<WireMessage>)(leaving, message);
  return typeof fault === "string" ? { rule: "durable_first", detail: fault } : fault;
}

/** The forms that leave signed are those that are written. */
const areSigned = (signatures: readonly FormSignature[], message: ClosingComplete): boolean =>
  formSignatures(message).every(({ outputs, signature }) =>
    signatures.some((known) => known.outputs === outputs && equalBytes(known.signature, signature)),
  );
const isSignedBy = ({ inputs }: Tx, signature: Uint8Array): boolean => {
  const inScript = scriptSignature(signature, SIGHASH_ALL);
  return inputs.some(({ witness }) => witness.some((item) => equalBytes(item, inScript)));
};

/** Which key index is shown by its funding key. */
function keyIndexUsed({ durable, keys }: Leaving, fundingPubkey: Uint8Array): string | undefined {
  for (const index of durable.keyIndexes) if (equalBytes(keys(index).fundingPubkey, fundingPubkey)) return undefined;
  return "the index of its keys is not written";
}

function funded(
  { durable }: Leaving,
  id: ChannelId,
  law: (state: FundedState) => string | Fault | undefined,
): string | Fault | undefined {
  const state = durable.channels.get(id);
  if (state === undefined || !isFunded(state)) return "the channel is not written";
  return law(state);
}
const isFunded = (state: DurableState): state is FundedState => "commitments" in state;
export const received = (state: FundedState, id: bigint): Extract<Htlc, { side: "received" }> | undefined =>
  state.commitments.htlcs.find((htlc) => htlc.side === "received" && htlc.id === id) as never;
export const offered = (state: FundedState, id: bigint): Extract<Htlc, { side: "offered" }> | undefined =>
  state.commitments.htlcs.find((htlc) => htlc.side === "offered" && htlc.id === id) as never;

/** What the preimage was given for: an invoice or a forward that is settled, or a payment that came without either. */
function receiptOf(durable: Ledger, channelId: ChannelId, htlc: Htlc): string | undefined {
  const circuit = durable.circuits.get(circuitKey({ channelId, htlcId: htlc.id }));
  if (circuit !== undefined) return circuit.status.tag === "Fulfilled" ? undefined : "the forward is not settled";
  const status = durable.invoices.get(htlc.paymentHash)?.status;
  const by = status?.tag === "Settled" ? status.htlc : durable.keysends.get(htlc.paymentHash)?.htlc;
  if (by === undefined) return "neither an invoice nor a forward is settled by it, and no keysend is recorded";
  return by.channelId === channelId && by.htlcId === htlc.id ? undefined : "another HTLC was taken for it";
}

const tooEarly = (detail: string): Fault => ({ rule: "failed_upstream", detail });
/**
 * On disk no channel holds an HTLC that was offered for this incoming one, or the chain has ended it, deep enough; and
 * its preimage is not known.
 */
function downstreamGone({ durable, isGone }: Leaving, channelId: ChannelId, htlcId: bigint): Fault | undefined {
  const circuit = durable.circuits.get(circuitKey({ channelId, htlcId }));
  if (circuit?.status.tag === "Fulfilled") return tooEarly(`HTLC ${htlcId} is failed although its preimage is known`);
  for (const [id, state] of durable.channels) {
    if (!isFunded(state)) continue;
    const out = state.commitments.htlcs.find(
      (htlc): htlc is OfferedHtlc => htlc.side === "offered" && isRelayOf(htlc.origin, channelId, htlcId),
    );
    if (out === undefined) continue;
    // One that no signature of ours has ever covered was never there.
    const isOver = out.step === "SENT_ADD_HTLC" || (out.preimage === undefined && isGone(state, out));
    if (state.tag === "Failed" && isOver) continue;
    return tooEarly(`HTLC ${out.id} of ${id} downstream still stands at ${out.step}`);
  }
  return undefined;
}
const isRelayOf = (origin: HtlcOrigin, channelId: ChannelId, htlcId: bigint): boolean =>
  origin.tag === "relay" && origin.channelId === channelId && origin.htlcId === htlcId;

function signedCommitment(
  leaving: Leaving,
  { params, commitments, ...state }: FundedState,
  message: CommitmentSigned,
): string | Fault | undefined {
  const { durable } = leaving;
  const { sent } = commitments;
  if (sent === undefined) return "the signed commitment is not written";
  if (!equalBytes(sent.signatures.signature, message.signature)) return "another commitment is written";
  for (const ref of sent.updates) {
    if (ref.tag === "add") {
      const htlc = offered({ params, commitments, ...state } as FundedState, ref.id);
      const fault = htlc === undefined ? `HTLC ${ref.id} is not written` : originWritten(durable, htlc);
      if (fault !== undefined) return fault;
    }
    if (ref.tag === "remove") {
      const htlc = received({ params, commitments, ...state } as FundedState, ref.id);
      if (htlc?.removal === undefined) return `the removal of HTLC ${ref.id} is not written`;
      const fault =
        htlc.removal.tag === "fulfilled"
          ? receiptOf(durable, params.channelId, htlc)
          : downstreamGone(leaving, params.channelId, ref.id);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/** The attempt or the circuit that an offered HTLC serves. */
function originWritten(durable: Ledger, { id, origin }: Extract<Htlc, { side: "offered" }>): string | undefined {
  if (origin.tag === "payment") {
    const payment = durable.payments.get(origin.paymentId as never);
    const underway = payment?.tag === "InFlight" && payment.attempt.number === origin.attempt;
    return underway ? undefined : `attempt ${origin.attempt} of HTLC ${id} is not written`;
  }
  if (!durable.circuits.has(circuitKey(origin))) return `the circuit of HTLC ${id} is not written`;
  const incoming = durable.channels.get(origin.channelId);
  const htlc = incoming !== undefined && isFunded(incoming) ? received(incoming, origin.htlcId) : undefined;
  return htlc?.step === "RECEIVED_ADD_ACK_REVOCATION"
    ? undefined
    : `HTLC ${id} is forwarded while the incoming one stands at ${htlc?.step ?? "nothing"}`;
}

/** Offered HTLCs that the peer has fulfilled, as far as `RECEIVED_REMOVE_COMMIT` and later: our revocation lets them go. */
const LETTING_GO: ReadonlySet<string> = new Set([
  "RECEIVED_REMOVE_COMMIT",
  "SENT_REMOVE_REVOCATION",
  "SENT_REMOVE_ACK_COMMIT",
]);

function revokedCommitment(
  { durable, keys }: Leaving,
  { params, commitments }: FundedState,
  message: RevokeAndAck,
): string | undefined {
  const own = keys(params.keyIndex);
  const { number } = commitments.local;
  if (number === 0n) return "the commitment that replaces it is not written";
  if (!equalBytes(own.commitmentSecret(number - 1n), message.per_commitment_secret)) {
    return `the commitment that replaces it is not written: ${number} is the newest on disk, and the secret ${toHex(message.per_commitment_secret).slice(0, 8)}… is not of the one before`;
  }
  if (!equalBytes(own.commitmentPoint(number + 1n), message.next_per_commitment_point)) return "another point follows";
  for (const htlc of commitments.htlcs) {
    if (htlc.side !== "offered" || htlc.removal?.tag !== "fulfilled" || !LETTING_GO.has(htlc.step)) continue;
    if (!preimageKept(durable, htlc.origin)) return `the preimage of HTLC ${htlc.id} is not written upstream`;
  }
  return undefined;
}
function preimageKept(durable: Ledger, origin: HtlcOrigin): boolean {
  if (origin.tag === "payment") return durable.payments.get(origin.paymentId as never)?.tag === "Succeeded";
  const circuit = durable.circuits.get(circuitKey(origin));
  if (circuit !== undefined) return circuit.status.tag === "Fulfilled";
  const incoming = durable.channels.get(origin.channelId);
  return incoming === undefined || !isFunded(incoming) || received(incoming, origin.htlcId) === undefined;
}
