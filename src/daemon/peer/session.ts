import { printable, utf8 } from "../../base/bytes.ts";
import { type BlockHash, type ChannelId, channelId, idBytes, type NodeId, nodeId } from "../../base/ids.ts";
import { type UnixMs, unixMs } from "../../base/units.ts";
import { type NoiseSession, noiseInitiator, noiseResponder } from "../../crypto/noise.ts";
import type { StaticKey } from "../../crypto/static-key.ts";
import type { Log } from "../../ports/log.ts";
import type { Connection } from "../../ports/network.ts";
import type { Clock, Random } from "../../ports/world.ts";
import { compatible, unionOf } from "../../wire/features.ts";
import { standing } from "../../wire/negotiated.ts";
import { decodeMessage, encodeMessage, type WireMessage } from "../../wire/registry.ts";
import { type Init, type Ping, PONG_BYTES_LIMIT } from "../../wire/setup.ts";

/** One encrypted connection with one peer, from the first byte to the last. */
export interface PeerSession {
  /** Known once the handshake is done. */
  readonly remote: NodeId | undefined;
  /** What the peer's `init` offered. Empty until then. */
  readonly features: Uint8Array;
  readonly inbound: boolean;
  readonly address: string;
  /** Queued until the end of this turn of the loop, so that what belongs together leaves in one write. */
  send(message: WireMessage): void;
  /** As `send`, for a message already in bytes: gossip is passed on as it was signed. */
  sendBytes(message: Uint8Array): void;
  /** Sent and not yet taken by the peer: who has much to say says it in pieces. */
  readonly queuedBytes: number;
  /** Says why to the peer, then ends the connection. */
  refuse(reason: string): void;
  close(): void;
}
export interface PeerListener {
  /** Whether money is in channels with it. */
  readonly hasChannel: (peer: NodeId) => boolean;
  /** Handshake and `init` done in both directions. */
  readonly ready: (session: PeerSession) => void;
  /** A message after `init`, with its bytes (type in front). */
  readonly message: (session: PeerSession, message: WireMessage, bytes: Uint8Array) => void;
  readonly closed: (session: PeerSession, reason: string) => void;
}
export interface SessionWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nodeKey: StaticKey;
  readonly chain: BlockHash;
  /** Of our `init`. */
  readonly features: Uint8Array;
  /** Told of every message that leaves, type in front, before it is encrypted. For recorders: nobody else may know. */
  readonly observe?: Observe | undefined;
}
export type Observe = (peer: NodeId, message: Uint8Array) => void;

/** Policy, not protocol: a connection must be through handshake and `init` within this time. RELIABILITY D17. */
const SETUP_MS_MAX = 10_000;
/** Policy, not protocol: silence that makes us ask, and silence after asking that makes us hang up. */
const IDLE_MS = 60_000;
const PONG_MS_MAX = 30_000;
/** Policy, not protocol: a peer that does not read what it asked for is cut off, one that cost nothing earlier. RELIABILITY D2. */
const QUEUED_BYTES_MAX = { stranger: 1024 * 1024, known: 8 * 1024 * 1024 };
/** Policy, not protocol: pings that are answered at once, and for each second after. RELIABILITY D21. */
const PINGS_MAX = 60;
const ALL_CHANNELS: ChannelId = channelId(new Uint8Array(32));

export const warningTo = (channel: ChannelId, text: string): WireMessage => ({
  name: "warning",
  channel_id: channel,
  data: utf8(text),
});

class Session implements PeerSession {
  remote: NodeId | undefined;
  features: Uint8Array = new Uint8Array(0);
  readonly inbound: boolean;
  readonly address: string;
  readonly #world: SessionWorld;
  readonly #connection: Connection;
  readonly #listener: PeerListener;
  readonly #noise: NoiseSession | undefined;
  #ready = false;
  #over = false;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #flushing = false;
  #cancelTimer = (): void => {};
  #heardAt: UnixMs = unixMs(0);
  /** Our `ping` is out: whatever comes next answers it. */
  #asked = false;
  #pings = PINGS_MAX;
  #pingAt: UnixMs = unixMs(0);

  constructor(world: SessionWorld, connection: Connection, expected: NodeId | undefined, listener: PeerListener) {
    this.#world = world;
    this.#connection = connection;
    this.#listener = listener;
    this.inbound = expected === undefined;
    this.address = connection.remoteAddress;
    const secrets = { local: world.nodeKey, ephemeral: world.random.bytes(32) };
    if (expected === undefined) this.#noise = noiseResponder(secrets);
    else {
      const begun = noiseInitiator(secrets, idBytes(expected));
      this.#noise = begun?.session;
      if (begun !== undefined) connection.send(begun.send);
    }
  }
  start(): void {
    this.#timer(SETUP_MS_MAX, () => this.#end("setup took too long"));
    this.#connection.attach({ data: (bytes) => this.#receive(bytes), closed: () => this.#end("connection lost") });
    if (this.#noise === undefined) this.#end("not a node id");
  }
  send(message: WireMessage): void {
    this.sendBytes(encodeMessage(message));
  }
  sendBytes(message: Uint8Array): void {
    if (this.#over) return;
    if (this.remote !== undefined) this.#world.observe?.(this.remote, message);
    this.#unsent.push(message);
    this.#unsentBytes += message.length;
    // What one piece of the peer's bytes brings about cannot be more than it may leave unread.
    if (this.#isTooMuch(this.#unsentBytes)) {
      this.#unsent = [];
      return this.#end("asks for more than it reads");
    }
    if (this.#flushing) return;
    this.#flushing = true;
    void Promise.resolve().then(() => this.#flush());
  }
  get queuedBytes(): number {
    return this.#over ? 0 : this.#unsentBytes + this.#connection.queuedBytes;
  }
  refuse(reason: string): void {
    if (this.#noise?.state.tag === "Open") this.send(warningTo(ALL_CHANNELS, reason));
    this.#end(reason);
  }
  close(): void {
    this.#end("closed by us");
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#flush();
    // Flushing may have ended it.
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#connection.close();
    this.#listener.closed(this, reason);
  }
  #flush(): void {
    this.#flushing = false;
    if (this.#over || this.#unsent.length === 0 || this.#noise?.state.tag !== "Open") return;
    const messages = this.#unsent;
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#connection.send(this.#noise.send(messages));
    if (this.#isTooMuch(this.#connection.queuedBytes)) this.#end("does not read");
  }
  #isTooMuch(bytes: number): boolean {
    if (bytes <= QUEUED_BYTES_MAX.stranger) return false;
    const isKnown = this.remote !== undefined && this.#listener.hasChannel(this.remote);
    return !isKnown || bytes > QUEUED_BYTES_MAX.known;
  }
  #timer(delayMs: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#world.clock.after(delayMs, task);
  }
  /** One timer, however many messages come: it looks back when it fires. */
  #listenForLife(delayMs = IDLE_MS): void {
    this.#asked = false;
    this.#timer(delayMs, () => {
      const silence = this.#world.clock.now() - this.#heardAt;
      if (silence < IDLE_MS) return this.#listenForLife(IDLE_MS - silence);
      this.#asked = true;
      this.send({ name: "ping", num_pong_bytes: 1, ignored: new Uint8Array(0) });
      this.#timer(PONG_MS_MAX, () => this.#end("no answer to ping"));
    });
  }
  #heard(): void {
    this.#heardAt = this.#world.clock.now();
    if (this.#asked) this.#listenForLife();
  }
  #receive(bytes: Uint8Array): void {
    if (this.#over || this.#noise === undefined) return;
    const wasOpen = this.#noise.state.tag === "Open";
    const received = this.#noise.receive(bytes);
    if (received.send.length > 0) this.#connection.send(received.send);
    if (!wasOpen && received.state.tag === "Open") this.#opened(received.state.remote);
    for (const message of received.messages) if (!this.#over) this.#readMessage(message);
    if (received.state.tag === "Failed") this.#end(`transport: ${received.state.fault.code}`);
  }
  #opened(id: Uint8Array): void {
    this.remote = nodeId(id);
    const { features, chain } = this.#world;
    this.send({ name: "init", globalfeatures: new Uint8Array(0), features, networks: [chain] });
  }
  #readMessage(bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      const fault = decoded.error;
      return this.refuse(fault.code === "malformed" ? `${fault.message}: ${fault.reason}` : fault.code);
    }
    const message = decoded.value;
    if (message.name === "unknown") return message.odd ? undefined : this.refuse(`unknown message ${message.type}`);
    if (!this.#ready) return message.name === "init" ? this.#readInit(message) : this.refuse("init comes first");
    this.#heard();
    if (message.name === "init") return this.refuse("init comes once");
    if (message.name === "ping") return this.#answer(message);
    const meant = standing(message.name, this.#world.features, this.features);
    if (meant === "refused") return this.refuse(`${message.name} was not negotiated`);
    if (message.name !== "pong" && meant === "known") this.#listener.message(this, message, bytes);
  }
  #readInit(message: Init): void {
    this.features = unionOf(message.globalfeatures, message.features);
    const fits = compatible(this.#world.features, this.features);
    if (!fits.ok) return this.refuse(`features do not fit: ${fits.error.code}`);
    if (message.networks !== undefined && !message.networks.includes(this.#world.chain)) {
      return this.refuse("no common chain");
    }
    this.#ready = true;
    this.#heard();
    this.#listenForLife();
    this.#listener.ready(this);
  }
  #answer(ping: Ping): void {
    const now = this.#world.clock.now();
    this.#pings = Math.min(PINGS_MAX, this.#pings + (now - this.#pingAt) / 1_000) - 1;
    this.#pingAt = now;
    if (this.#pings < 0) return this.refuse("too many pings");
    if (ping.num_pong_bytes >= PONG_BYTES_LIMIT) return;
    this.send({ name: "pong", ignored: new Uint8Array(ping.num_pong_bytes) });
  }
}

/** Runs the connection. `expected` is set when we dialled: the id that must be at the other end. */
export function startPeerSession(
  world: SessionWorld,
  connection: Connection,
  expected: NodeId | undefined,
  listener: PeerListener,
): PeerSession {
  const session = new Session(world, connection, expected, listener);
  session.start();
  return session;
}

/** A peer's own words for a log line: printable and short. BOLT 1 §Requirements. */
export const spoken = (data: Uint8Array): string => printable(data, 200);
