import { equalBytes } from "../../src/base/bytes.ts";
import { idBytes, type ShortChannelId } from "../../src/base/ids.ts";
import { encode } from "../../src/codec/codec.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type AnnouncementSignatures, ChannelAnnouncement, signedDigest } from "../../src/wire/gossip.ts";
import { punish } from "../close/failure.ts";
import type { ChannelEnv } from "../env.ts";
import type { AnnouncementSignaturePair, ChannelState, Funded, FundedState, Normal } from "../state.ts";
import { advance, commit, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";

/** Below this a reorganisation could still change the short channel id. BOLT 7 §The announcement_signatures Message. */
const ANNOUNCE_DEPTH = 6;
const ZERO_SIGNATURE = new Uint8Array(64);
const UNSIGNED: AnnouncementSignaturePair = { nodeSignature: ZERO_SIGNATURE, bitcoinSignature: ZERO_SIGNATURE };

/** The announcement of our channel, the lesser node id first. BOLT 7 §The channel_announcement Message. */
function announcementOf(
  env: ChannelEnv,
  state: Funded,
  scid: ShortChannelId,
  local: AnnouncementSignaturePair,
  remote: AnnouncementSignaturePair,
): ChannelAnnouncement {
  const { params } = state;
  const ours = { id: env.localNodeId, key: params.local.basepoints.fundingPubkey, ...local };
  const theirs = { id: params.remoteNodeId, key: params.remote.basepoints.fundingPubkey, ...remote };
  const [first, second] = ours.id < theirs.id ? [ours, theirs] : [theirs, ours];
  return {
    name: "channel_announcement",
    node_signature_1: first.nodeSignature,
    node_signature_2: second.nodeSignature,
    bitcoin_signature_1: first.bitcoinSignature,
    bitcoin_signature_2: second.bitcoinSignature,
    features: new Uint8Array(0),
    chain_hash: env.chainHash,
    short_channel_id: scid,
    node_id_1: first.id,
    node_id_2: second.id,
    bitcoin_key_1: first.key,
    bitcoin_key_2: second.key,
  };
}

const unsignedOf = (env: ChannelEnv, state: Funded, scid: ShortChannelId): Uint8Array =>
  encode(ChannelAnnouncement.codec, announcementOf(env, state, scid, UNSIGNED, UNSIGNED));

/** Where the channel stands, once it is public, ready, online and deep enough; undefined before. */
function announceable(env: ChannelEnv, state: FundedState): ShortChannelId | undefined {
  const { confirmed } = state.funding;
  if (!state.params.announce || state.tag !== "Normal" || confirmed === undefined) return undefined;
  return env.height - confirmed.height + 1 >= ANNOUNCE_DEPTH ? confirmed.shortChannelId : undefined;
}

/** Our signatures, asked for once; then sent on each connection until the peer's are here. BOLT 7 §The announcement_signatures Message. */
export function announceWhenDue(
  env: ChannelEnv,
  state: Normal,
): { readonly state: Normal; readonly effects: readonly VolatileEffect[] } {
  const scid = announceable(env, state);
  const { link, announcement } = state;
  if (scid === undefined || link.tag !== "online" || link.announcementSent) return { state, effects: [] };
  const said: Normal = { ...state, link: { ...link, announcementSent: true } };
  if (announcement.local === undefined)
    return {
      state: said,
      effects: [{ tag: "NeedAnnouncementSignatures", announcement: unsignedOf(env, state, scid) }],
    };
  if (announcement.remote !== undefined) return { state, effects: [] };
  return { state: said, effects: [propose(signaturesMessage(state, scid, announcement.local))] };
}

/** The same for a peer that has not heard ours, whether or not its own are here. BOLT 2 §Message Retransmission. */
export function announceAgain(env: ChannelEnv, state: Normal): ReturnType<typeof announceWhenDue> {
  const scid = announceable(env, state);
  const { link, announcement } = state;
  if (scid === undefined || link.tag !== "online" || announcement.local === undefined)
    return announceWhenDue(env, state);
  const said: Normal = { ...state, link: { ...link, announcementSent: true } };
  return { state: said, effects: [propose(signaturesMessage(state, scid, announcement.local))] };
}

const signaturesMessage = (
  state: Funded,
  scid: ShortChannelId,
  pair: AnnouncementSignaturePair,
): AnnouncementSignatures => ({
  name: "announcement_signatures",
  channel_id: state.params.channelId,
  short_channel_id: scid,
  node_signature: pair.nodeSignature,
  bitcoin_signature: pair.bitcoinSignature,
});

/** The host has signed: our half leaves, and if the peer's half is here already the channel is announced. */
export function announcementSigned(env: ChannelEnv, state: ChannelState, local: AnnouncementSignaturePair): Transition {
  if (state.tag !== "Normal") return stay();
  const scid = announceable(env, state);
  if (scid === undefined || state.link.tag !== "online") return stay();
  const next: Normal = { ...state, announcement: { ...state.announcement, local } };
  return commit(next, propose(signaturesMessage(state, scid, local)), ...announced(env, next, scid));
}

/** The whole announcement, once both halves are here. */
function announced(env: ChannelEnv, state: Funded, scid: ShortChannelId): readonly VolatileEffect[] {
  const { local, remote } = state.announcement;
  if (local === undefined || remote === undefined) return [];
  return [{ tag: "Announced", announcement: announcementOf(env, state, scid, local, remote) }];
}
/** For a host that has just loaded the channel. */
export function tellAnnounced(env: ChannelEnv, state: FundedState): readonly VolatileEffect[] {
  const scid = announceable(env, state);
  return scid === undefined ? [] : announced(env, state, scid);
}

/** The peer's half, which may come at any time, also again. Signatures for another place in the chain are put aside. */
export function receiveAnnouncementSignatures(
  env: ChannelEnv,
  state: FundedState,
  message: AnnouncementSignatures,
): Transition {
  const { confirmed } = state.funding;
  if (!state.params.announce || state.tag !== "Normal" || confirmed === undefined) return stay();
  const scid = confirmed.shortChannelId;
  if (message.short_channel_id !== scid) return stay();
  const remote = { nodeSignature: message.node_signature, bitcoinSignature: message.bitcoin_signature };
  const known = state.announcement.remote;
  if (known !== undefined && equalBytes(known.nodeSignature, remote.nodeSignature)) return answerAgain(env, state);
  const digest = signedDigest("channel_announcement", unsignedOf(env, state, scid));
  const valid =
    secp256k1.verify(remote.nodeSignature, digest, idBytes(state.params.remoteNodeId)) &&
    secp256k1.verify(remote.bitcoinSignature, digest, state.params.remote.basepoints.fundingPubkey);
  if (!valid) return punish(state, { code: "bad_announcement_signature" });
  const next: Normal = { ...state, announcement: { ...state.announcement, remote } };
  const due = announceWhenDue(env, next);
  return commit(due.state, ...announced(env, next, scid), ...due.effects);
}

/** A peer that sends its half again has lost ours. Once a connection is enough. */
function answerAgain(env: ChannelEnv, state: Normal): Transition {
  const scid = announceable(env, state);
  const { link, announcement } = state;
  if (scid === undefined || link.tag !== "online" || link.announcementSent || announcement.local === undefined)
    return stay();
  const said: Normal = { ...state, link: { ...link, announcementSent: true } };
  return advance(said, propose(signaturesMessage(state, scid, announcement.local)));
}
