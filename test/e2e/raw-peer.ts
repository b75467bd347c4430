import { createConnection, type Socket } from "node:net";
import { type ChannelEnv, channelKeys, channelSecrets, DEFAULT_POLICY, FRESH, step } from "../../channels/index.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { idBytes, type NodeId, nodeId } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { blockHeight, satPerKw } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { type NoiseSession, noiseInitiator } from "../../src/crypto/noise.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { decodeMessage, encodeMessage, type WireMessage } from "../../src/wire/registry.ts";
import { openInput } from "../daemon/puppet.ts";

/** A daemon to call: its id, and its port on the loopback. */
export interface Callee {
  readonly nodeId: string;
  readonly peerPort: number;
}
type OpenChannel = Extract<WireMessage, { readonly name: "open_channel" }>;
type Init = Extract<WireMessage, { readonly name: "init" }>;
export const INIT: Init = {
  name: "init",
  globalfeatures: new Uint8Array(0),
  features: featureBits(OFFERED.init),
  networks: [CHAINS.regtest.genesisHash],
};
export const PING: WireMessage = { name: "ping", num_pong_bytes: 1, ignored: new Uint8Array(0) };

let callers = 0;

/** Somebody on the other end of a TCP connection to a daemon, with a key of its own, who sends whatever bytes it likes. */
export class RawPeer {
  readonly id: NodeId;
  /** Messages that the daemon has said, oldest first. */
  readonly heard: WireMessage[] = [];
  /** What it sent before there was an encrypted session. */
  readonly bytes: number[] = [];
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  readonly actOne: Uint8Array;
  readonly #socket: Socket;
  readonly #noise: NoiseSession;
  #isOver = false;
  #waiting: (() => void)[] = [];
  #actThree: ((bytes: Uint8Array) => Uint8Array) | undefined;

  constructor({ nodeId: callee, peerPort }: Callee) {
    const secret = sha256(utf8(`caller ${++callers}`));
    const local = staticKeyOf(secret);
    this.id = nodeId(local.publicKey);
    const begun = noiseInitiator({ local, ephemeral: sha256(secret) }, idBytes(callee as NodeId));
    assert(begun !== undefined, "a daemon's id is a point");
    this.#noise = begun.session;
    this.actOne = begun.send;
    this.#socket = createConnection({ host: "127.0.0.1", port: peerPort, noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    // A connection that is reset is over too.
    this.#socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.#socket.once("close", () => {
        this.#isOver = true;
        this.#wake();
        resolve();
      });
    });
  }
  get isOver(): boolean {
    return this.#isOver;
  }
  /** Sends bytes as they are. */
  send(bytes: Uint8Array): this {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
    return this;
  }
  /** The packet of a message, which counts as sent. */
  sealed(message: WireMessage | Uint8Array): Uint8Array {
    return this.#noise.send([message instanceof Uint8Array ? message : encodeMessage(message)]);
  }
  say(...messages: readonly (WireMessage | Uint8Array)[]): this {
    for (const message of messages) if (!this.#isOver) this.send(this.sealed(message));
    return this;
  }
  /** Runs the handshake to its end, with act three as `change` makes it. */
  async shake(change: (actThree: Uint8Array) => Uint8Array = (bytes) => bytes): Promise<this> {
    this.#actThree = change;
    this.send(this.actOne);
    await this.#until(() => this.#noise.state.tag !== "Handshake");
    return this;
  }
  /** Resolves when this has been heard or the connection is over. */
  hears(name: WireMessage["name"], times = 1): Promise<void> {
    return this.#until(() => this.heard.filter((message) => message.name === name).length >= times);
  }
  /** Resolves when the daemon has dealt with all that was said: it has answered a `ping` behind it, or hung up. */
  async settled(): Promise<void> {
    const pongs = this.heard.filter(({ name }) => name === "pong").length;
    this.say(PING);
    await this.hears("pong", pongs + 1);
  }
  async hangUp(): Promise<void> {
    this.#socket.destroy();
    await this.ended;
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done() && !this.#isOver) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  #receive(bytes: Buffer): void {
    if (this.#noise.state.tag !== "Open") this.bytes.push(...bytes);
    const { send, messages } = this.#noise.receive(bytes);
    if (send.length > 0) this.send(this.#actThree === undefined ? send : this.#actThree(send));
    for (const message of messages) {
      const decoded = decodeMessage(message);
      if (decoded.ok && decoded.value.name !== "unknown") this.heard.push(decoded.value);
    }
    this.#wake();
  }
}

/** What a peer says that wants to open a channel. */
export function openChannelOf(peer: RawPeer, callee: Callee): OpenChannel {
  const env: ChannelEnv = {
    chainHash: CHAINS.regtest.genesisHash,
    height: blockHeight(0),
    feerate: satPerKw(1_000),
    policy: DEFAULT_POLICY,
    localNodeId: peer.id,
    remoteNodeId: callee.nodeId as NodeId,
    features: featureBits(OFFERED.init),
    keys: channelKeys(channelSecrets(sha256(utf8(peer.id)))),
    alias: undefined,
    keyIndex: 0,
    isUnheard: false,
  };
  const { effects } = step(env, FRESH, openInput(1));
  for (const effect of effects)
    if (effect.tag === "Propose" && effect.message.name === "open_channel") return effect.message;
  throw new Error("an opener speaks first");
}

/** A peer that is through handshake and `init`. */
export async function introduced(callee: Callee): Promise<RawPeer> {
  const peer = await new RawPeer(callee).shake();
  peer.say(INIT);
  await peer.settled();
  return peer;
}
