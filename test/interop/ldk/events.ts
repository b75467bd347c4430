import * as ldk from "lightningdevkit";
import { toHex } from "../../../src/base/bytes.ts";
import { sat } from "../../../src/base/units.ts";
import type { LdkParts } from "./parts.ts";

/** What an LDK node tells of itself. Amounts are decimal, ids hex. */
export type Said =
  | { readonly name: "log" | "not_taken"; readonly text: string }
  | { readonly name: "closed"; readonly channel: string; readonly text: string }
  | { readonly name: "broadcast"; readonly tx: string }
  | { readonly name: "pending" | "ready"; readonly channel: string; readonly peer: string }
  /** `preimage` is empty where LDK does not know it; `records` are of applications, values in hex by type. */
  | {
      readonly name: "claimable";
      readonly hash: string;
      readonly msat: string;
      readonly preimage: string;
      readonly records: Readonly<Record<string, string>>;
    }
  | { readonly name: "claimed"; readonly hash: string; readonly msat: string }
  | { readonly name: "sent"; readonly hash: string; readonly preimage: string }
  | { readonly name: "failed"; readonly hash: string }
  | { readonly name: "forwarded"; readonly msat: string }
  /** `channel` is the one to blame, as a number; undefined where the payee refused. */
  | {
      readonly name: "path_failed";
      readonly hash: string;
      readonly permanently: boolean;
      readonly channel: string | undefined;
    }
  | { readonly name: "swept"; readonly tx: string };

/** Does what an application of LDK has to do for each of its events, and tells of it. */
export function answerEvent(parts: LdkParts, event: ldk.Event): void {
  if (parts.habits.ended !== undefined && event instanceof ldk.Event_PaymentSent)
    return parts.habits.ended(toHex(event.payment_hash), true);
  if (event instanceof ldk.Event_FundingGenerationReady) fund(parts, event);
  else if (event instanceof ldk.Event_OpenChannelRequest) accept(parts, event);
  else if (event instanceof ldk.Event_PaymentClaimable) claimable(parts, event);
  else if (event instanceof ldk.Event_SpendableOutputs) sweep(parts, event);
  else if (event instanceof ldk.Event_BumpTransaction) parts.bumps.handle_event(event.bump_transaction);
  else {
    const said = tellingOf(event);
    if (said !== undefined) parts.say(said);
  }
}

function tellingOf(event: ldk.Event): Said | undefined {
  if (event instanceof ldk.Event_ChannelPending)
    return { name: "pending", channel: idOf(event.channel_id), peer: toHex(event.counterparty_node_id) };
  if (event instanceof ldk.Event_ChannelReady)
    return { name: "ready", channel: idOf(event.channel_id), peer: toHex(event.counterparty_node_id) };
  if (event instanceof ldk.Event_ChannelClosed)
    return { name: "closed", channel: idOf(event.channel_id), text: reasonOf(event.reason) };
  if (event instanceof ldk.Event_PaymentClaimed)
    return { name: "claimed", hash: toHex(event.payment_hash), msat: String(event.amount_msat) };
  if (event instanceof ldk.Event_PaymentSent)
    return { name: "sent", hash: toHex(event.payment_hash), preimage: toHex(event.payment_preimage) };
  if (event instanceof ldk.Event_PaymentForwarded)
    return { name: "forwarded", msat: someOf(event.outbound_amount_forwarded_msat)?.toString() ?? "" };
  if (event instanceof ldk.Event_PaymentFailed) {
    const hash = event.payment_hash instanceof ldk.Option_ThirtyTwoBytesZ_Some ? toHex(event.payment_hash.some) : "";
    return { name: "failed", hash };
  }
  if (event instanceof ldk.Event_PaymentPathFailed)
    return {
      name: "path_failed",
      hash: toHex(event.payment_hash),
      // The bindings give a number for a boolean.
      permanently: Boolean(event.payment_failed_permanently),
      channel: someOf(event.short_channel_id)?.toString(),
    };
  return undefined;
}
const idOf = (id: ldk.ChannelId): string => toHex(id.get_a());
const someOf = (option: ldk.Option_u64Z): bigint | undefined =>
  option instanceof ldk.Option_u64Z_Some ? option.some : undefined;

function reasonOf(reason: ldk.ClosureReason): string {
  const name = reason.constructor.name.replace("ClosureReason_", "");
  if (reason instanceof ldk.ClosureReason_CounterpartyForceClosed) return `${name}: ${reason.peer_msg.get_a()}`;
  if (reason instanceof ldk.ClosureReason_ProcessingError) return `${name}: ${reason.err}`;
  return name;
}
function fund(parts: LdkParts, event: ldk.Event_FundingGenerationReady): void {
  const output = { amount: sat(event.channel_value_satoshis), script: event.output_script };
  const tx = parts.wallet.pay([output]);
  const { temporary_channel_id, counterparty_node_id } = event;
  const taken = parts.manager.funding_transaction_generated(temporary_channel_id, counterparty_node_id, tx);
  if (!taken.is_ok()) parts.say({ name: "log", text: "the funding transaction was not taken" });
}
function accept(parts: LdkParts, event: ldk.Event_OpenChannelRequest): void {
  const { manager, settings } = parts;
  const { temporary_channel_id, counterparty_node_id, channel_type } = event;
  const accepted =
    settings.zeroConf && channel_type.requires_zero_conf()
      ? manager.accept_inbound_channel_from_trusted_peer_0conf(temporary_channel_id, counterparty_node_id, 1n)
      : manager.accept_inbound_channel(temporary_channel_id, counterparty_node_id, 1n);
  if (!accepted.is_ok()) parts.say({ name: "log", text: "the channel was not accepted" });
}
function claimable(parts: LdkParts, event: ldk.Event_PaymentClaimable): void {
  const { purpose } = event;
  const preimage =
    purpose instanceof ldk.PaymentPurpose_SpontaneousPayment ? purpose.spontaneous_payment : known(purpose.preimage());
  parts.say({
    name: "claimable",
    hash: toHex(event.payment_hash),
    msat: String(event.amount_msat),
    preimage: preimage === undefined ? "" : toHex(preimage),
    records: Object.fromEntries(
      event.onion_fields.custom_tlvs().map((tlv) => [String(tlv.get_a()), toHex(tlv.get_b())]),
    ),
  });
  if (preimage !== undefined && !parts.habits.holds) parts.manager.claim_funds(preimage);
}
const known = (option: ldk.Option_ThirtyTwoBytesZ): Uint8Array | undefined =>
  option instanceof ldk.Option_ThirtyTwoBytesZ_Some ? option.some : undefined;

function sweep(parts: LdkParts, event: ldk.Event_SpendableOutputs): void {
  const own = toHex(parts.wallet.script);
  const outputs = event.outputs.filter(
    (output) =>
      !(output instanceof ldk.SpendableOutputDescriptor_StaticOutput) || toHex(output.output.script_pubkey) !== own,
  );
  if (outputs.length === 0) return;
  const swept = parts.keys
    .as_OutputSpender()
    .spend_spendable_outputs(
      outputs,
      [],
      parts.wallet.script,
      parts.habits.feerate,
      ldk.Option_u32Z.constructor_none(),
    );
  if (!(swept instanceof ldk.Result_TransactionNoneZ_OK)) return parts.say({ name: "log", text: "no sweep" });
  parts.say({ name: "swept", tx: toHex(swept.res) });
  parts.broadcast([swept.res]);
}
