import * as ldk from "lightningdevkit";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { LdkNode } from "./node.ts";
import { configOf } from "./settings.ts";

/** A channel as LDK sees it. Amounts are decimal millisatoshis. */
export interface LdkChannel {
  readonly id: string;
  readonly usable: boolean;
  readonly announced: boolean;
  readonly anchors: boolean;
  readonly outboundMsat: string;
  readonly inboundMsat: string;
  readonly pendingHtlcs: number;
  /** Undefined before it has one. */
  readonly feerate: number | undefined;
}
interface OpenAsked {
  readonly peer: string;
  readonly sat: string;
  readonly pushMsat: string;
  readonly announce: boolean;
}

/** What a test may ask of an LDK node, by name. Each throws when LDK refuses. */
export const COMMANDS = {
  sync: (node: LdkNode) => node.sync(),
  dial: (node: LdkNode, { nodeId, port }: { readonly nodeId: string; readonly port: number }) =>
    node.net.dial(fromHex(nodeId), port),
  drop: (node: LdkNode) => node.net.drop(),
  peers: (node: LdkNode) => node.parts.peers.list_peers().map((peer) => toHex(peer.get_counterparty_node_id())),
  script: (node: LdkNode) => toHex(node.parts.wallet.script),
  balance: (node: LdkNode) => String(node.parts.wallet.balance),
  channels,
  open,
  invoice,
  pay,
  close: (node: LdkNode, { channel }: { readonly channel: string }) =>
    onChannel(node, channel, (id, peer) => node.parts.manager.close_channel(id, peer)),
} as const;
export type Commands = typeof COMMANDS;

function channels(node: LdkNode): readonly LdkChannel[] {
  return node.parts.manager.list_channels().map((channel) => {
    const feerate = channel.get_feerate_sat_per_1000_weight();
    return {
      id: toHex(channel.get_channel_id().get_a()),
      // The bindings give a number for a boolean.
      usable: Boolean(channel.get_is_usable()),
      announced: Boolean(channel.get_is_announced()),
      anchors: Boolean(channel.get_channel_type()?.supports_anchors_zero_fee_htlc_tx()),
      outboundMsat: String(channel.get_outbound_capacity_msat()),
      inboundMsat: String(channel.get_inbound_capacity_msat()),
      pendingHtlcs: channel.get_pending_inbound_htlcs().length + channel.get_pending_outbound_htlcs().length,
      feerate: feerate instanceof ldk.Option_u32Z_Some ? feerate.some : undefined,
    };
  });
}
function open(node: LdkNode, { peer, sat, pushMsat, announce }: OpenAsked): string {
  const { manager, settings } = node.parts;
  const config = configOf({ ...settings, announce });
  const begun = manager.create_channel(fromHex(peer), BigInt(sat), BigInt(pushMsat), 1n, null, config);
  if (!(begun instanceof ldk.Result_ChannelIdAPIErrorZ_OK)) throw new Error("LDK does not open");
  node.turn();
  return toHex(begun.res.get_a());
}
function onChannel(
  node: LdkNode,
  channel: string,
  act: (id: ldk.ChannelId, peer: Uint8Array) => ldk.Result_NoneAPIErrorZ,
): void {
  const found = node.parts.manager.list_channels().find((each) => toHex(each.get_channel_id().get_a()) === channel);
  if (found === undefined) throw new Error("LDK has no such channel");
  const done = act(found.get_channel_id(), found.get_counterparty().get_node_id());
  if (!done.is_ok()) throw new Error("LDK refuses");
  node.turn();
}
function invoice(node: LdkNode, { msat }: { readonly msat: string }): string {
  const made = ldk.UtilMethods.constructor_create_invoice_from_channelmanager(
    node.parts.manager,
    ldk.Option_u64Z.constructor_some(BigInt(msat)),
    "from a stranger",
    3_600,
    ldk.Option_u16Z.constructor_none(),
  );
  if (!(made instanceof ldk.Result_Bolt11InvoiceSignOrCreationErrorZ_OK)) throw new Error("LDK makes no invoice");
  return made.res.to_str();
}
/** The answer is the payment hash; how it went is told as an event. */
function pay(node: LdkNode, { invoice: text }: { readonly invoice: string }): string {
  const read = ldk.Bolt11Invoice.constructor_from_str(text);
  if (!(read instanceof ldk.Result_Bolt11InvoiceParseOrSemanticErrorZ_OK))
    throw new Error("LDK does not read the invoice");
  const asked = ldk.UtilMethods.constructor_payment_parameters_from_invoice(read.res);
  if (!(asked instanceof ldk.Result_C3Tuple_ThirtyTwoBytesRecipientOnionFieldsRouteParametersZNoneZ_OK))
    throw new Error("an invoice without an amount");
  const hash = asked.res.get_a();
  const sent = node.parts.manager.send_payment(
    hash,
    asked.res.get_b(),
    hash,
    asked.res.get_c(),
    ldk.Retry.constructor_attempts(1),
  );
  if (!sent.is_ok()) throw new Error("LDK does not pay");
  node.turn();
  return toHex(hash);
}
