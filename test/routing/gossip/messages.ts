import {
  accept,
  emptyRelay,
  type Gossip,
  type Graph,
  type JudgeContext,
  ownNode,
  ownUpdate,
  withSignature,
} from "../../../routing/index.ts";
import { type BlockHash, type NodeId, nodeId, type ShortChannelId, shortChannelId } from "../../../src/base/ids.ts";
import { blockHeight, msat, sat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import {
  type ChannelAnnouncement,
  type ChannelUpdate,
  type NodeAnnouncement,
  signedDigest,
} from "../../../src/wire/gossip.ts";
import { encodeMessage, payloadOf } from "../../../src/wire/registry.ts";

export const CHAIN = "0f".repeat(32) as BlockHash;
export const NOW = 1_800_000_000;
export const CONTEXT: JudgeContext = { chain: CHAIN, height: blockHeight(1000), now: NOW };
export const CAPACITY = sat(1_000_000n);

/** A node with its keys; `peers(n)` gives nodes in ascending order of id. */
export interface TestNode {
  readonly secret: Uint8Array;
  readonly fundingSecret: Uint8Array;
  readonly id: NodeId;
}
const testNode = (seed: number): TestNode => {
  const secret = new Uint8Array(32).fill(seed);
  return { secret, fundingSecret: new Uint8Array(32).fill(seed + 100), id: nodeId(secp256k1.publicKey(secret)) };
};
export const NODES: readonly TestNode[] = Array.from({ length: 8 }, (_, index) => testNode(index + 1)).sort((a, b) =>
  a.id < b.id ? -1 : 1,
);
export const [ALICE, BOB, CAROL] = NODES as readonly [TestNode, TestNode, TestNode];

export const scid = (block: number, index = 1): ShortChannelId => shortChannelId(block, index, 0);

/** A channel's announcement with four right signatures; fields may be replaced before it is signed. */
export function channelAnnouncement(
  id: ShortChannelId,
  a: TestNode = ALICE,
  b: TestNode = BOB,
  changes: Partial<ChannelAnnouncement> = {},
): Gossip<ChannelAnnouncement> {
  const empty = new Uint8Array(64);
  const content: ChannelAnnouncement = {
    name: "channel_announcement",
    node_signature_1: empty,
    node_signature_2: empty,
    bitcoin_signature_1: empty,
    bitcoin_signature_2: empty,
    features: new Uint8Array(0),
    chain_hash: CHAIN,
    short_channel_id: id,
    node_id_1: a.id,
    node_id_2: b.id,
    bitcoin_key_1: secp256k1.publicKey(a.fundingSecret),
    bitcoin_key_2: secp256k1.publicKey(b.fundingSecret),
    ...changes,
  };
  const digest = signedDigest("channel_announcement", payloadOf(encodeMessage(content)));
  const message: ChannelAnnouncement = {
    ...content,
    node_signature_1: secp256k1.sign(digest, a.secret),
    node_signature_2: secp256k1.sign(digest, b.secret),
    bitcoin_signature_1: secp256k1.sign(digest, a.fundingSecret),
    bitcoin_signature_2: secp256k1.sign(digest, b.fundingSecret),
  };
  return { message, bytes: encodeMessage(message) };
}

/** The update of `from`'s side of its channel with `to`, rightly signed. */
export function channelUpdate(
  id: ShortChannelId,
  from: TestNode = ALICE,
  to: TestNode = BOB,
  changes: { readonly timestamp?: number; readonly disabled?: boolean; readonly announced?: boolean } = {},
): Gossip<ChannelUpdate> {
  const unsigned = ownUpdate({
    chain: CHAIN,
    shortChannelId: id,
    self: from.id,
    peer: to.id,
    capacity: CAPACITY,
    terms: {
      feeBaseMsat: 1000,
      feeProportionalMillionths: 100,
      cltvExpiryDelta: 40,
      htlcMinimum: msat(1n),
      htlcMaximum: msat(900_000_000n),
    },
    disabled: changes.disabled ?? false,
    announced: changes.announced ?? true,
    timestamp: changes.timestamp ?? NOW,
  });
  return withSignature(unsigned, secp256k1.sign(unsigned.digest, from.secret));
}

export function nodeAnnouncement(node: TestNode = ALICE, timestamp = NOW): Gossip<NodeAnnouncement> {
  const unsigned = ownNode({
    self: node.id,
    alias: "alice",
    color: Uint8Array.of(1, 2, 3),
    addresses: [{ tag: "ipv4", host: Uint8Array.of(127, 0, 0, 1), port: 9735 }],
    timestamp,
  });
  return withSignature(unsigned, secp256k1.sign(unsigned.digest, node.secret));
}

/** The same bytes with one of them changed; offsets count from the type on. */
export const damagedAt = <M>(gossip: Gossip<M>, at: number): Uint8Array =>
  gossip.bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

/** Puts them into the graph as accepted ones. */
export function learnt(graph: Graph, ...messages: readonly Gossip[]): Graph {
  for (const gossip of messages)
    accept(graph, emptyRelay(), gossip, { from: undefined, relay: true, capacity: CAPACITY, now: NOW });
  return graph;
}
