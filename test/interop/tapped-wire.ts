import { createConnection, createServer, type Server, type Socket } from "node:net";
import { systemRandom } from "../../src/adapters/system.ts";
import { printable } from "../../src/base/bytes.ts";
import { type NoiseSecrets, type NoiseSession, noiseInitiator, noiseResponder } from "../../src/crypto/noise.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { decodeMessage, encodeMessage, type MessageName, type WireMessage } from "../../src/wire/registry.ts";

/** The two ends of the wire. */
export type End = "ours" | "ldk";
/** One message that was on the wire, also when only half of it arrived. */
export interface Heard {
  readonly from: End;
  readonly message: WireMessage;
}
/** What to do with the next message of a kind from one end. */
interface Trap {
  readonly from: End;
  readonly name: MessageName;
  /** What goes on in its place; undefined cuts the wire in the middle of it. */
  readonly change: ((message: never) => WireMessage) | undefined;
  readonly sprung: () => void;
}
interface Party {
  readonly secret: Uint8Array;
  /** Where it listens, on the loopback. */
  readonly port: () => number;
}
const OTHER = { ours: "ldk", ldk: "ours" } as const;

/**
 * A wire between two nodes whose secrets are known, and which therefore take it for each other. It hears every message, and
 * cuts in the middle of one or changes it when asked to.
 */
export class TappedWire {
  readonly heard: Heard[] = [];
  readonly #parties: { readonly [E in End]: Party };
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #lines = new Set<Line>();
  readonly #held = new Set<End>();
  #traps: Trap[] = [];

  constructor(parties: { readonly [E in End]: Party }) {
    this.#parties = parties;
  }
  /** A new port at which the wire passes for this end. */
  listenAs(end: End): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#join(socket, end)).once("error", reject);
      this.#servers.push(server);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }
  /** Half of the next message of this kind arrives, and nothing behind it. Resolves when that has happened. */
  cutAt(from: End, name: MessageName): Promise<void> {
    return new Promise((sprung) => this.#traps.push({ from, name, change: undefined, sprung }));
  }
  /** The next message of this kind arrives as another. */
  change<N extends MessageName>(
    from: End,
    name: N,
    change: (message: Extract<WireMessage, { readonly name: N }>) => WireMessage,
  ): Promise<void> {
    return new Promise((sprung) => this.#traps.push({ from, name, change, sprung }));
  }
  /** What this end says waits in the wire, in its order, until the answer is called; a cut loses what waits. */
  hold(end: End): () => void {
    this.#held.add(end);
    return () => {
      this.#held.delete(end);
      for (const line of this.#lines) line.flush(end);
    };
  }
  /** No trap is set any more. */
  disarm(): void {
    this.#traps = [];
  }
  /** As a cable that is cut: no end is said. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
  get isUp(): boolean {
    return this.#sockets.size > 0;
  }
  /** The kinds of messages from one end, oldest first. */
  namesFrom(end: End, since = 0): readonly MessageName[] {
    return this.heard.slice(since).flatMap(({ from, message }) => (from === end ? message.name : []));
  }
  /** Every `error` and `warning`: who said what. */
  complaints(since = 0): readonly string[] {
    return this.heard.slice(since).flatMap(({ from, message }) => {
      if (message.name !== "error" && message.name !== "warning") return [];
      return `${from} ${message.name}: ${printable(message.data)}`;
    });
  }
  stop(): void {
    for (const server of this.#servers) server.close();
    this.cut();
  }

  /** Somebody has called the end that we pass for here. */
  #join(caller: Socket, callee: End): void {
    const called = createConnection({ host: "127.0.0.1", port: this.#parties[callee].port(), noDelay: true });
    const sockets = { [callee]: called, [OTHER[callee]]: caller } as { readonly [E in End]: Socket };
    const begun = noiseInitiator(this.#secretsOf(OTHER[callee]), secp256k1.publicKey(this.#parties[callee].secret));
    if (begun === undefined) throw new Error("a node's id is a point");
    const noises = { [callee]: begun.session, [OTHER[callee]]: noiseResponder(this.#secretsOf(callee)) };
    caller.setNoDelay(true);
    called.write(begun.send);
    const line = new Line(sockets, noises as { readonly [E in End]: NoiseSession }, {
      isHeld: (from) => this.#held.has(from),
      pass: (from, bytes) => this.#pass(from, bytes),
    });
    this.#lines.add(line);
    for (const socket of [caller, called]) {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#lines.delete(line);
      });
    }
    line.start();
  }
  #secretsOf(end: End): NoiseSecrets {
    return { local: staticKeyOf(this.#parties[end].secret), ephemeral: systemRandom.bytes(32) };
  }
  /** What goes on of a message; undefined when the wire is cut in it. */
  #pass(from: End, bytes: Uint8Array): Uint8Array | undefined {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok || decoded.value.name === "unknown") return bytes;
    const message = decoded.value;
    this.heard.push({ from, message });
    const trap = this.#traps.find((each) => each.from === from && each.name === message.name);
    if (trap === undefined) return bytes;
    this.#traps = this.#traps.filter((each) => each !== trap);
    trap.sprung();
    return trap.change === undefined ? undefined : encodeMessage(trap.change(message as never));
  }
}

interface Judge {
  /** Whether what this end says has to wait. */
  readonly isHeld: (from: End) => boolean;
  /** What goes on of a message; undefined when the wire is cut in it. */
  readonly pass: (from: End, bytes: Uint8Array) => Uint8Array | undefined;
}
/** One connection: what comes from one end is decrypted, judged, and encrypted again for the other. */
class Line {
  readonly #sockets: { readonly [E in End]: Socket };
  readonly #noises: { readonly [E in End]: NoiseSession };
  readonly #judge: Judge;
  /** What came while it was held, or while the other end was still in its handshake. */
  readonly #waiting: { readonly [E in End]: Uint8Array[] } = { ours: [], ldk: [] };
  #isCut = false;

  constructor(sockets: { readonly [E in End]: Socket }, noises: { readonly [E in End]: NoiseSession }, judge: Judge) {
    this.#sockets = sockets;
    this.#noises = noises;
    this.#judge = judge;
  }
  start(): void {
    for (const end of ["ours", "ldk"] as const) {
      const socket = this.#sockets[end];
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets[OTHER[end]].destroySoon());
      socket.on("data", (bytes: Buffer) => this.#receive(end, bytes));
    }
  }
  #receive(from: End, bytes: Uint8Array): void {
    const { send, messages, state } = this.#noises[from].receive(bytes);
    if (send.length > 0) this.#sockets[from].write(send);
    for (const message of messages) this.#forward(from, message);
    if (state.tag === "Failed") this.#sockets[from].destroy();
    if (state.tag === "Open") this.flush(OTHER[from]);
  }
  /** What waited from this end goes on, unless it has to wait longer. */
  flush(from: End): void {
    for (const message of this.#waiting[from].splice(0)) this.#forward(from, message);
  }
  #forward(from: End, bytes: Uint8Array): void {
    const to = OTHER[from];
    if (this.#isCut) return;
    const mustWait = this.#judge.isHeld(from) || this.#noises[to].state.tag !== "Open";
    if (mustWait) return void this.#waiting[from].push(bytes);
    const passed = this.#judge.pass(from, bytes);
    const sealed = this.#noises[to].send([passed ?? bytes]);
    if (passed !== undefined) return void this.#sockets[to].write(sealed);
    this.#isCut = true;
    this.#sockets[to].write(sealed.subarray(0, sealed.length / 2));
    this.#sockets[to].destroySoon();
    this.#sockets[from].destroy();
  }
}
