import type { NodeId } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Address, Connection, Listener, Network } from "../../ports/network.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { CommandFault } from "../commands.ts";
import { type PeerSession, type SessionWorld, startPeerSession } from "./session.ts";

/** At most one live connection with each peer; those worth keeping are dialled again when lost. */
export interface Peers {
  listen(address: Address): Promise<Address>;
  /** Dials unless connected. Answers when `init` has come. From then on the peer is dialled again whenever it is lost. */
  connect(peer: NodeId, address: Address): Promise<Result<PeerSession, CommandFault>>;
  /** As `connect`, without waiting: for peers known from earlier runs. */
  keep(peer: NodeId, address: Address): void;
  /** Ends the connection and stops dialling. */
  disconnect(peer: NodeId, reason: string): boolean;
  /** Ends the connection; a kept peer is dialled again. */
  hangUp(peer: NodeId): void;
  session(peer: NodeId): PeerSession | undefined;
  live(): readonly PeerSession[];
  /** Does nothing when the peer is away: what must not be lost is sent again by `channel_reestablish`. */
  send(peer: NodeId, message: WireMessage): void;
  stop(): Promise<void>;
}
export interface PeersListener {
  /** Whether it must find a place whoever else has come: money is in channels with it. */
  readonly hasChannel: (peer: NodeId) => boolean;
  readonly connected: (session: PeerSession, peer: NodeId) => void;
  readonly message: (peer: NodeId, message: WireMessage, bytes: Uint8Array) => void;
  readonly disconnected: (peer: NodeId, reason: string) => void;
}

/** Policy, not protocol: how long to wait before dialling again, doubling up to the limit. */
const REDIAL_MS_FIRST = 250;
const REDIAL_MS_MAX = 30_000;
/** Policy, not protocol: two connections this close together come from both sides dialling at once. RELIABILITY D28. */
const CROSSED_MS = 5_000;
/** Policy, not protocol: connections beyond which each newcomer takes the place of a stranger. */
export const INBOUND_MAX = 250;

interface Live {
  readonly session: PeerSession;
  readonly since: number;
}
interface Kept {
  readonly address: Address;
  delayMs: number;
  cancel: () => void;
}

class PeerTable implements Peers {
  readonly #world: SessionWorld;
  readonly #network: Network;
  readonly #listener: PeersListener;
  readonly #self: NodeId;
  readonly #live = new Map<NodeId, Live>();
  readonly #kept = new Map<NodeId, Kept>();
  readonly #waiting = new Map<NodeId, ((answer: Result<PeerSession, CommandFault>) => void)[]>();
  readonly #all = new Set<PeerSession>();
  readonly #listeners: Listener[] = [];
  #stopped = false;

  constructor(world: SessionWorld, self: NodeId, network: Network, listener: PeersListener) {
    this.#world = world;
    this.#self = self;
    this.#network = network;
    this.#listener = listener;
  }
  async listen(address: Address): Promise<Address> {
    const listener = await this.#network.listen(address, (connection) => this.#accept(connection));
    this.#listeners.push(listener);
    return listener.address;
  }
  connect(peer: NodeId, address: Address): Promise<Result<PeerSession, CommandFault>> {
    const live = this.#live.get(peer);
    if (live !== undefined) return Promise.resolve(ok(live.session));
    if (peer === this.#self) {
      return Promise.resolve(err({ code: "bad_request", detail: "that is this node's own id", pointer: "/uri" }));
    }
    return new Promise((resolve) => {
      this.#waiting.set(peer, [...(this.#waiting.get(peer) ?? []), resolve]);
      this.#dial(peer, address);
    });
  }
  keep(peer: NodeId, address: Address): void {
    const known = this.#kept.get(peer);
    known?.cancel();
    this.#kept.set(peer, { address, delayMs: REDIAL_MS_FIRST, cancel: () => {} });
    if (!this.#live.has(peer)) this.#dial(peer, address);
  }
  disconnect(peer: NodeId, reason: string): boolean {
    this.#kept.get(peer)?.cancel();
    this.#kept.delete(peer);
    const live = this.#live.get(peer);
    live?.session.refuse(reason);
    return live !== undefined;
  }
  hangUp(peer: NodeId): void {
    this.#live.get(peer)?.session.close();
  }
  session(peer: NodeId): PeerSession | undefined {
    return this.#live.get(peer)?.session;
  }
  live(): readonly PeerSession[] {
    return [...this.#live.values()].map(({ session }) => session);
  }
  send(peer: NodeId, message: WireMessage): void {
    this.#live.get(peer)?.session.send(message);
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const kept of this.#kept.values()) kept.cancel();
    for (const session of this.#all) session.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #accept(connection: Connection): void {
    if (this.#stopped || (this.#all.size >= INBOUND_MAX && !this.#makePlace())) connection.close("now");
    else this.#start(connection, undefined);
  }
  /** Who comes is known only after the handshake, so somebody has to go: the stranger who has been here longest. */
  #makePlace(): boolean {
    for (const session of this.#all) {
      const { inbound, remote } = session;
      const isKnown = remote !== undefined && (this.#kept.has(remote) || this.#listener.hasChannel(remote));
      if (!inbound || isKnown) continue;
      session.close();
      return true;
    }
    return false;
  }
  #dial(peer: NodeId, address: Address): void {
    this.#network.dial(address).then(
      (connection) => {
        if (this.#stopped) connection.close("now");
        else this.#start(connection, peer);
      },
      () => this.#unreachable(peer, address),
    );
  }
  #start(connection: Connection, expected: NodeId | undefined): void {
    let isOver = false;
    const session = startPeerSession(this.#world, connection, expected, {
      hasChannel: this.#listener.hasChannel,
      ready: (ready) => this.#ready(ready),
      message: (from, message, bytes) => {
        const peer = from.remote;
        if (peer !== undefined && this.#live.get(peer)?.session === from) this.#listener.message(peer, message, bytes);
      },
      closed: (closed, reason) => {
        isOver = true;
        this.#closed(closed, expected, reason);
      },
    });
    // It may have come to nothing at once, and takes no place then.
    if (!isOver) this.#all.add(session);
  }
  #ready(session: PeerSession): void {
    const peer = session.remote as NodeId;
    const before = this.#live.get(peer);
    if (before !== undefined && this.#loses(session, before, peer)) return session.close();
    const now = this.#world.clock.now();
    this.#live.set(peer, { session, since: now });
    if (before !== undefined) {
      before.session.close();
      this.#listener.disconnected(peer, "replaced by a newer connection");
    }
    const kept = this.#kept.get(peer);
    if (kept !== undefined) kept.delayMs = REDIAL_MS_FIRST;
    this.#listener.connected(session, peer);
    this.#answer(peer, ok(session));
  }
  /** Of two crossing connections both sides keep the one that the lower node id dialled; otherwise the newer wins. */
  #loses(session: PeerSession, before: Live, peer: NodeId): boolean {
    const crossed = before.session.inbound !== session.inbound && this.#world.clock.now() - before.since < CROSSED_MS;
    const dialledByLower = session.inbound === peer < this.#self;
    return crossed && !dialledByLower;
  }
  #closed(session: PeerSession, expected: NodeId | undefined, reason: string): void {
    this.#all.delete(session);
    const peer = session.remote ?? expected;
    if (peer === undefined) return;
    if (this.#live.get(peer)?.session === session) {
      this.#live.delete(peer);
      this.#listener.disconnected(peer, reason);
    }
    if (this.#live.has(peer)) return;
    this.#answer(peer, err({ code: "peer_refused", detail: `the connection ended: ${reason}` }));
    this.#redial(peer);
  }
  #unreachable(peer: NodeId, address: Address): void {
    const detail = `nobody answers at ${address.host}:${address.port}`;
    this.#answer(peer, err({ code: "peer_unreachable", detail }));
    if (!this.#live.has(peer)) this.#redial(peer);
  }
  #redial(peer: NodeId): void {
    const kept = this.#kept.get(peer);
    if (kept === undefined || this.#stopped) return;
    kept.cancel();
    const jitter = (this.#world.random.bytes(1)[0] as number) / 256;
    kept.cancel = this.#world.clock.after(Math.round(kept.delayMs * (0.75 + jitter / 2)), () => {
      if (!this.#live.has(peer)) this.#dial(peer, kept.address);
    });
    kept.delayMs = Math.min(kept.delayMs * 2, REDIAL_MS_MAX);
  }
  #answer(peer: NodeId, answer: Result<PeerSession, CommandFault>): void {
    const waiting = this.#waiting.get(peer) ?? [];
    this.#waiting.delete(peer);
    for (const resolve of waiting) resolve(answer);
  }
}

export const createPeers = (world: SessionWorld, self: NodeId, network: Network, listener: PeersListener): Peers =>
  new PeerTable(world, self, network, listener);
