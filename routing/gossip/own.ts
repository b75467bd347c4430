import { utf8 } from "../../src/base/bytes.ts";
import type { BlockHash, NodeId, ShortChannelId } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type Msat, type Sat, toMsat } from "../../src/base/units.ts";
import { type NodeAddress, writeAddresses } from "../../src/wire/addresses.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { type ChannelUpdate, type NodeAnnouncement, signedDigest } from "../../src/wire/gossip.ts";
import { encodeMessage, payloadOf } from "../../src/wire/registry.ts";
import type { Gossip } from "../graph/apply.ts";
import type { FeePolicy } from "../path/cost.ts";

/** A message of our own before its signature is there. */
export interface Unsigned<M> {
  readonly message: M;
  readonly bytes: Uint8Array;
  /** 32 bytes, for the node key to sign. */
  readonly digest: Uint8Array;
}

const SIGNATURE_BYTES = 64;
/** Behind the two bytes of the type. */
const SIGNATURE_AT = 2;
const NO_SIGNATURE: Uint8Array = new Uint8Array(SIGNATURE_BYTES);
const MUST_BE_ONE = 1;
const DONT_FORWARD = 2;
const DISABLED = 2;
const ALIAS_BYTES = 32;

/** What we ask of those who send over one of our channels. */
export interface OwnTerms extends FeePolicy {
  readonly cltvExpiryDelta: number;
  /** The peer's. */
  readonly htlcMinimum: Msat;
  /** At most the channel's capacity and what the peer allows in flight. */
  readonly htlcMaximum: Msat;
}
export interface OwnUpdate {
  readonly chain: BlockHash;
  /** The real id, or for an unannounced channel the peer's alias. */
  readonly shortChannelId: ShortChannelId;
  readonly self: NodeId;
  readonly peer: NodeId;
  readonly capacity: Sat;
  readonly terms: OwnTerms;
  readonly disabled: boolean;
  /** False: for the peer alone. */
  readonly announced: boolean;
  /** Unix seconds, from `nextTimestamp`. */
  readonly timestamp: number;
}

/** Later than any before, and the time if it is. BOLT 7 §The channel_update Message. */
export const nextTimestamp = (previous: number | undefined, now: number): number => Math.max((previous ?? 0) + 1, now);

/** Our side of one of our channels. BOLT 7 §The channel_update Message. */
export function ownUpdate(own: OwnUpdate): Unsigned<ChannelUpdate> {
  const { terms } = own;
  assert(terms.htlcMinimum <= terms.htlcMaximum, "htlc_minimum_msat is at most htlc_maximum_msat");
  assert(terms.htlcMaximum <= toMsat(own.capacity), "htlc_maximum_msat is at most the capacity");
  assert(own.timestamp > 0, "a timestamp is above zero");
  return unsigned({
    name: "channel_update",
    signature: NO_SIGNATURE,
    chain_hash: own.chain,
    short_channel_id: own.shortChannelId,
    timestamp: own.timestamp,
    message_flags: MUST_BE_ONE | (own.announced ? 0 : DONT_FORWARD),
    channel_flags: (own.self < own.peer ? 0 : 1) | (own.disabled ? DISABLED : 0),
    cltv_expiry_delta: terms.cltvExpiryDelta,
    htlc_minimum_msat: terms.htlcMinimum,
    fee_base_msat: terms.feeBaseMsat,
    fee_proportional_millionths: terms.feeProportionalMillionths,
    htlc_maximum_msat: terms.htlcMaximum,
  });
}

/** What we say about ourselves. BOLT 7 §The node_announcement Message. */
export interface OwnNode {
  readonly self: NodeId;
  /** At most 32 bytes of UTF-8. */
  readonly alias: string;
  /** 3 bytes: red, green, blue. */
  readonly color: Uint8Array;
  readonly addresses: readonly NodeAddress[];
  /** Bits beside those that every node of ours offers. */
  readonly alsoOffers?: readonly number[];
  /** Unix seconds, from `nextTimestamp`. */
  readonly timestamp: number;
}
export function ownNode(own: OwnNode): Unsigned<NodeAnnouncement> {
  const name = utf8(own.alias);
  assert(name.length <= ALIAS_BYTES, "an alias has at most 32 bytes");
  assert(own.timestamp > 0, "a timestamp is above zero");
  const alias = new Uint8Array(ALIAS_BYTES);
  alias.set(name);
  return unsigned({
    name: "node_announcement",
    signature: NO_SIGNATURE,
    features: featureBits([...OFFERED.node_announcement, ...(own.alsoOffers ?? [])]),
    timestamp: own.timestamp,
    node_id: own.self,
    rgb_color: own.color,
    alias,
    addresses: writeAddresses(own.addresses),
  });
}

function unsigned<M extends ChannelUpdate | NodeAnnouncement>(message: M): Unsigned<M> {
  const bytes = encodeMessage(message);
  return { message, bytes, digest: signedDigest(message.name, payloadOf(bytes)) };
}

/** The finished message: for the graph, and for the peers. */
export function withSignature<M extends ChannelUpdate | NodeAnnouncement>(
  { message, bytes }: Unsigned<M>,
  signature: Uint8Array,
): Gossip<M> {
  assert(signature.length === SIGNATURE_BYTES, "a signature has 64 bytes");
  const signed = bytes.slice();
  signed.set(signature, SIGNATURE_AT);
  return { message: { ...message, signature }, bytes: signed };
}
