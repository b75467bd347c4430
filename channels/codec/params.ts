import { type Codec, optional, refine, struct } from "../../src/codec/codec.ts";
import {
  amountMsat,
  amountSat,
  bytesOf,
  channelId,
  enumeration,
  flag,
  nodeId,
  point,
  shortChannelId,
  u8,
  u16,
  u32,
  u64,
} from "../../src/codec/primitives.ts";
import { ANCHORS, type ChannelType, channelTypeBits, channelTypeOf } from "../channel-type.ts";
import type { ChannelParams, RestoredParams, SideParams } from "../params.ts";
import { older, once, outpoint, script } from "./parts.ts";

const basepoints = struct({
  fundingPubkey: point,
  revocationBasepoint: point,
  paymentBasepoint: point,
  delayedPaymentBasepoint: point,
  htlcBasepoint: point,
});
const side: Codec<SideParams> = struct({
  basepoints,
  dustLimit: amountSat,
  maxHtlcValueInFlight: u64,
  channelReserve: amountSat,
  htlcMinimum: amountMsat,
  toSelfDelay: u16,
  maxAcceptedHtlcs: u16,
  upfrontShutdownScript: optional(script),
});
const channelType: Codec<ChannelType> = refine("channel_type", bytesOf(u8), channelTypeOf, channelTypeBits);

const fields = {
  channelId,
  temporaryChannelId: channelId,
  remoteNodeId: nodeId,
  opener: enumeration("opener", "local", "remote"),
  announce: flag,
  funding: outpoint,
  capacity: amountSat,
  minimumDepth: u32,
  keyIndex: u32,
  local: side,
  remote: side,
};
const { minimumDepth: _agreed, ...kept } = fields;
export const restoredParams: Codec<RestoredParams> = struct({
  ...kept,
  type: channelType,
  local: struct({ basepoints }),
  remote: struct({ basepoints, toSelfDelay: u16 }),
});
export const params: Codec<ChannelParams> = once(
  struct({ ...fields, type: channelType, localAlias: optional(shortChannelId) }),
);
/** Of versions 1 and 2. */
export const paramsV2: Codec<ChannelParams> = older(struct(fields), { type: ANCHORS, localAlias: undefined });
