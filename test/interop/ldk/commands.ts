import * as ldk from "lightningdevkit";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { LdkNode } from "./node.ts";
import { payAll } from "./pay-all.ts";
import { configOf } from "./settings.ts";

const KEYSEND_EXPIRY_BLOCKS = 40;

/** A channel as LDK sees it. Amounts are decimal millisatoshis. */
export interface LdkChannel {
  readonly id: string;
  readonly usable: boolean;
  readonly announced: boolean;
  readonly anchors: boolean;
  readonly scidAlias: boolean;
  readonly outboundMsat: string;
  readonly inboundMsat: string;
  readonly capacitySat: string;
  /** Undefined while less than its reserve. */
  readonly balanceMsat: string | undefined;
  readonly pendingHtlcs: number;
  /** Undefined before it has one. */
  readonly feerate: number | undefined;
}
interface OpenAsked {
  readonly peer: string;
  readonly sat: string;
  readonly pushMsat: string;
  readonly announce: boolean;
  readonly scidPrivacy?: boolean;
  readonly anchors?: boolean;
}

interface Channel {
  readonly channel: string;
}
interface Hash {
  readonly hash: string;
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
  keysend,
  close: (node: LdkNode, { channel }: Channel) =>
    onChannel(node, channel, (id, peer) => node.parts.manager.close_channel(id, peer)),
  forceClose: (node: LdkNode, { channel }: Channel) =>
    onChannel(node, channel, (id, peer) =>
      node.parts.manager.force_close_broadcasting_latest_txn(id, peer, "as the test wants"),
    ),
  copy: (node: LdkNode, { to }: { readonly to: string }) => node.copy(to),
  /** What it still waits for on the chain, in its own words. */
  claimable: ({ parts }: LdkNode) =>
    parts.monitor.get_claimable_balances([]).map((balance) => balance.constructor.name.replace("Balance_", "")),
  /** From now on payments that come in wait for `claim` or `fail`, or do not. */
  hold: ({ parts }: LdkNode, { holds }: { readonly holds: boolean }) => {
    parts.habits.holds = holds;
  },
  claim: (node: LdkNode, { preimage }: { readonly preimage: string }) => {
    node.parts.manager.claim_funds(fromHex(preimage));
    node.turn();
  },
  fail: (node: LdkNode, { hash }: Hash) => {
    node.parts.manager.fail_htlc_backwards(fromHex(hash));
    node.turn();
  },
  /** What blocks cost from now on, and the minute that passes before LDK looks. */
  feerate: (node: LdkNode, { satPerKw }: { readonly satPerKw: number }) => {
    node.parts.habits.feerate = satPerKw;
    node.parts.manager.timer_tick_occurred();
    node.turn();
  },
  graph,
  /** So many, for payments that are measured. */
  invoices: (node: LdkNode, { count, msat }: { readonly count: number; readonly msat: string }) =>
    Array.from({ length: count }, () => invoice(node, { msat })),
  payAll: (
    node: LdkNode,
    { invoices, inFlight }: { readonly invoices: readonly string[]; readonly inFlight: number },
  ) => payAll(node, invoices, inFlight, send),
  /** Processor time of the whole process, in microseconds. */
  usage: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
} as const;
export type Commands = typeof COMMANDS;

function channels(node: LdkNode): readonly LdkChannel[] {
  return node.parts.manager.list_channels().map((channel) => {
    const feerate = channel.get_feerate_sat_per_1000_weight();
    const outbound = channel.get_outbound_capacity_msat();
    const reserve = channel.get_unspendable_punishment_reserve();
    const reserved = reserve instanceof ldk.Option_u64Z_Some ? reserve.some * 1_000n : 0n;
    return {
      id: toHex(channel.get_channel_id().get_a()),
      // The bindings give a number for a boolean.
      usable: Boolean(channel.get_is_usable()),
      announced: Boolean(channel.get_is_announced()),
      scidAlias: Boolean(channel.get_channel_type()?.supports_scid_privacy()),
      anchors: Boolean(channel.get_channel_type()?.supports_anchors_zero_fee_htlc_tx()),
      outboundMsat: String(outbound),
      inboundMsat: String(channel.get_inbound_capacity_msat()),
      capacitySat: String(channel.get_channel_value_satoshis()),
      balanceMsat: outbound === 0n ? undefined : String(outbound + reserved),
      pendingHtlcs: channel.get_pending_inbound_htlcs().length + channel.get_pending_outbound_htlcs().length,
      feerate: feerate instanceof ldk.Option_u32Z_Some ? feerate.some : undefined,
    };
  });
}
function open(node: LdkNode, { peer, sat, pushMsat, ...wishes }: OpenAsked): string {
  const { manager, settings } = node.parts;
  const config = configOf({ ...settings, ...wishes });
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
  const hash = send(node, text);
  node.turn();
  return hash;
}
function send(node: LdkNode, text: string): string {
  const read = ldk.Bolt11Invoice.constructor_from_str(text);
  if (!(read instanceof ldk.Result_Bolt11InvoiceParseOrSemanticErrorZ_OK))
    throw new Error("LDK does not read the invoice");
  const asked = ldk.UtilMethods.constructor_payment_parameters_from_invoice(read.res);
  if (!(asked instanceof ldk.Result_C3Tuple_ThirtyTwoBytesRecipientOnionFieldsRouteParametersZNoneZ_OK))
    throw new Error("an invoice without an amount");
  const hash = asked.res.get_a();
  asked.res.get_c().get_payment_params().set_max_total_cltv_expiry_delta(node.parts.settings.expiryBlocksMax);
  const sent = node.parts.manager.send_payment(
    hash,
    asked.res.get_b(),
    hash,
    asked.res.get_c(),
    ldk.Retry.constructor_attempts(1),
  );
  if (!sent.is_ok()) throw new Error("LDK does not pay");
  return toHex(hash);
}
interface KeysendAsked {
  readonly peer: string;
  readonly msat: string;
  /** 32 bytes in hex; LDK brings none of itself. */
  readonly secret?: string;
  /** Values in hex, by type. */
  readonly records?: Readonly<Record<string, string>>;
}
/** The answer is the payment hash. */
function keysend(node: LdkNode, { peer, msat, secret, records = {} }: KeysendAsked): string {
  const id = node.parts.keys.as_EntropySource().get_secure_random_bytes();
  const payee = ldk.PaymentParameters.constructor_for_keysend(fromHex(peer), KEYSEND_EXPIRY_BLOCKS, false);
  payee.set_max_total_cltv_expiry_delta(node.parts.settings.expiryBlocksMax);
  const sent = node.parts.manager.send_spontaneous_payment(
    ldk.Option_ThirtyTwoBytesZ.constructor_some(id),
    withRecords(
      secret === undefined
        ? ldk.RecipientOnionFields.constructor_spontaneous_empty()
        : ldk.RecipientOnionFields.constructor_secret_only(fromHex(secret)),
      records,
    ),
    id,
    ldk.RouteParameters.constructor_from_payment_params_and_value(payee, BigInt(msat)),
    ldk.Retry.constructor_attempts(0),
  );
  if (!(sent instanceof ldk.Result_ThirtyTwoBytesRetryableSendFailureZ_OK)) throw new Error("LDK does not pay");
  node.turn();
  return toHex(sent.res);
}
function withRecords(
  fields: ldk.RecipientOnionFields,
  records: NonNullable<KeysendAsked["records"]>,
): ldk.RecipientOnionFields {
  const tlvs = Object.entries(records).map(([type, value]) =>
    ldk.TwoTuple_u64CVec_u8ZZ.constructor_new(BigInt(type), fromHex(value)),
  );
  const made = fields.with_custom_tlvs(tlvs);
  if (!(made instanceof ldk.Result_RecipientOnionFieldsNoneZ_OK)) throw new Error("LDK takes no such records");
  return made.res;
}
/** The public channels that it knows: of which nodes, and how many of the two directions. */
function graph(node: LdkNode): readonly { readonly nodes: readonly string[]; readonly policies: number }[] {
  // A lock: whoever writes while it is held ends the process.
  const read = node.parts.graph.read_only();
  const channels = [...read.list_channels()].map((id) => {
    const channel = read.channel(id);
    const nodes = [channel.get_node_one(), channel.get_node_two()].map((each) => toHex(each.as_slice()));
    const policies = [channel.get_one_to_two(), channel.get_two_to_one()].filter((each) => each !== null).length;
    return { nodes, policies };
  });
  read.free();
  return channels;
}
