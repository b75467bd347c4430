import { utf8 } from "../../base/bytes.ts";
import type { NetAddress } from "../../bitcoin/address-messages.ts";
import { COMPACT_VERSION } from "../../bitcoin/compact-messages.ts";
import {
  type BitcoinMessage,
  type BitcoinMessageOf,
  NODE_COMPACT_FILTERS,
  NODE_NETWORK_LIMITED,
  NODE_WITNESS,
  PROTOCOL_VERSION,
} from "../../bitcoin/messages.ts";
import { noteReached } from "../addresses/book.ts";
import type { Place } from "../addresses/place.ts";
import { KEPT_BLOCKS } from "../pruned.ts";
import { greetWithAddress, noAddressTalk } from "./addresses.ts";
import { askFirstHeaders } from "./blocks.ts";
import { tellFeeFilter } from "./fee-filter.ts";
import { disconnect, KNOWN_TXS_MAX, type Peer, type Purpose, type Sync, type SyncEffect, send } from "./peer.ts";
import { RollingSet } from "./rolling-set.ts";
import { SERVICES, servicesOf } from "./services.ts";
import { offerMempool } from "./transactions.ts";

const USER_AGENT = utf8("/Sluice:0.1.0/");
/** Older protocols have no `sendheaders`. BIP 130 §Specification. */
const VERSION_MIN = 70_012;
/** Older ones have no compact blocks. BIP 152 §sendcmpct. */
const COMPACT_BLOCKS_VERSION = 70_014;
/** Older ones have no `wtxidrelay`. BIP 339 §Specification. */
const WTXID_RELAY_VERSION = 70_016;
/** Older ones may part with who says `sendaddrv2`. BIP 155 §Signaling support and compatibility. */
const ADDRV2_VERSION = 70_016;
/** Where we are is nobody's business: peers find us by the address that they dialled. */
const NOWHERE: NetAddress = { services: 0n, ip: new Uint8Array(16), port: 0 };

export interface NewPeer {
  readonly inbound: boolean;
  /** Random. */
  readonly nonce: bigint;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
  /** Everything, unless told. */
  readonly purpose?: Purpose;
  readonly place?: Place | undefined;
}
/** A connection that has just begun. Whoever dialled speaks first. */
export function addPeer(sync: Sync, options: NewPeer): { peer: Peer; effects: readonly SyncEffect[] } {
  const { inbound, nonce, now, purpose = "relay", place } = options;
  const peer: Peer = {
    inbound,
    purpose,
    place,
    addresses: noAddressTalk(now),
    nonce,
    since: now,
    handshakeAwaited: now,
    newsAt: now,
    spoilt: 0,
    version: undefined,
    ready: false,
    wantsHeaders: false,
    compact: "none",
    byWtxid: false,
    wantsTxs: purpose === "relay",
    feeFilter: 0n,
    best: undefined,
    common: undefined,
    told: undefined,
    blocks: new Map(),
    blockAwaited: now,
    stalling: undefined,
    txs: new Map(),
    partials: new Map(),
    known: new RollingSet(KNOWN_TXS_MAX),
    announced: [],
    asked: [],
    askedFilters: [],
    mempoolAsked: false,
    abreast: undefined,
    headersAsked: undefined,
    presync: undefined,
    unconnected: 0,
    ping: undefined,
    lastPing: now,
    pingMs: undefined,
    feeFilterTold: undefined,
  };
  sync.peers.add(peer);
  return { peer, effects: inbound ? [] : [greet(sync, peer, now)] };
}

/** What those must serve besides blocks whom we dial. */
const needsOf = ({ role }: Sync): bigint => (role === "light" ? NODE_COMPACT_FILTERS : 0n);

function greet(sync: Sync, peer: Peer, now: number): SyncEffect {
  const services = servicesOf(sync);
  return send(peer, {
    name: "version",
    version: PROTOCOL_VERSION,
    services,
    timestamp: BigInt(Math.floor(now / 1000)),
    receiver: NOWHERE,
    sender: { ...NOWHERE, services },
    nonce: peer.nonce,
    user_agent: USER_AGENT,
    start_height: sync.brain.chain.tip.height,
    relay: { wanted: peer.purpose === "relay" },
  });
}

/** Of a node that keeps the last blocks alone, only those who need no others have use. BIP 159 §Specification. */
function servesBlocks({ role, brain }: Sync, { services, start_height }: BitcoinMessageOf<"version">): boolean {
  if ((services & SERVICES) === SERVICES) return true;
  const near = role !== "light" && start_height - brain.chain.tip.height <= KEPT_BLOCKS;
  return near && (services & NODE_WITNESS) !== 0n && (services & NODE_NETWORK_LIMITED) !== 0n;
}

/** Before both `version` and `verack` have come nothing else is listened to. */
export function shakeHands(sync: Sync, peer: Peer, message: BitcoinMessage, now: number): readonly SyncEffect[] {
  if (message.name === "version") return onVersion(sync, peer, message, now);
  if (message.name === "wtxidrelay") peer.byWtxid = (peer.version?.version ?? 0) >= WTXID_RELAY_VERSION;
  if (message.name === "sendaddrv2" && peer.version !== undefined) peer.addresses.v2 = true;
  if (message.name !== "verack" || peer.version === undefined) return [];
  peer.ready = true;
  const { services } = peer.version;
  if (!peer.inbound && peer.place) noteReached(sync.addresses, peer.place, services, Math.floor(now / 1000));
  if (peer.purpose === "feeler") return [disconnect(peer, "it is there")];
  // A node that is behind could make nothing of our transactions: it is told of them with the last block.
  const abreast = peer.version.start_height >= sync.brain.chain.tip.height;
  return [
    send(peer, { name: "sendheaders" }),
    ...(peer.version.version >= COMPACT_BLOCKS_VERSION
      ? [send(peer, { name: "sendcmpct", announce: false, version: COMPACT_VERSION })]
      : []),
    ...(peer.purpose === "relay" ? [tellFeeFilter(sync, peer, now)] : []),
    ...greetWithAddress(sync, peer, now),
    ...askFirstHeaders(sync, peer, now),
    ...(abreast ? offerMempool(sync, peer) : []),
  ];
}

function onVersion(sync: Sync, peer: Peer, message: BitcoinMessageOf<"version">, now: number): readonly SyncEffect[] {
  if (peer.version !== undefined) return [disconnect(peer, "second version")];
  for (const other of sync.peers) {
    if (!other.inbound && other.nonce === message.nonce) return [disconnect(peer, "connected to ourselves")];
  }
  if (message.version < VERSION_MIN) return [disconnect(peer, "obsolete version")];
  const needs = needsOf(sync);
  if (!peer.inbound && !servesBlocks(sync, message)) return [disconnect(peer, "peer serves no blocks with witnesses")];
  if (!peer.inbound && (message.services & needs) !== needs) return [disconnect(peer, "peer serves no filters")];
  peer.version = message;
  if (message.relay.wanted === false) peer.wantsTxs = false;
  return [
    ...(peer.inbound ? [greet(sync, peer, now)] : []),
    ...(message.version >= WTXID_RELAY_VERSION ? [send(peer, { name: "wtxidrelay" })] : []),
    ...(message.version >= ADDRV2_VERSION ? [send(peer, { name: "sendaddrv2" })] : []),
    send(peer, { name: "verack" }),
  ];
}
