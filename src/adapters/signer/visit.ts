import type { Socket } from "node:net";
import { decode, encode } from "../../codec/codec.ts";
import type { Log } from "../../ports/log.ts";
import type { Signer } from "../../ports/signer.ts";
import { Answering } from "./answering.ts";
import { FrameReader, frameBytes } from "./frames.ts";
import { type Answer, answer, PROTOCOL, type Question, question } from "./questions.ts";

/** Policy, not protocol: who has not said who it is within this time is parted with. */
const HELLO_MS_MAX = 5_000;
/** Policy, not protocol: who begins a question and does not end it within this time is parted with. */
const QUESTION_MS_MAX = 5_000;
/** Policy, not protocol: for hearing that one is parted with. */
const FAREWELL_MS_MAX = 1_000;
/** Policy, not protocol: who does not read the answers to its questions is parted with. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;

/** How nodes that come are received. */
export interface Reception {
  readonly network: string;
  /** A signer for one node, from its start to its end. */
  readonly open: () => Signer;
  readonly log: Log;
  /** What the signer remembers could not be kept: it may sign nothing any more. */
  readonly onHalt: (error: Error) => void;
  readonly questionMsMax?: number;
}

function say(socket: Socket, id: number, value: Answer): void {
  socket.write(frameBytes({ id, body: encode(answer, value) }));
  if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
}

export function turnAway(socket: Socket, detail: string): void {
  say(socket, 0, { tag: "unwelcome", detail });
  // Whoever does not hang up as well, or does not even read that, would keep everybody else out.
  socket.destroySoon();
  setTimeout(() => socket.destroy(), FAREWELL_MS_MAX).unref();
}

/** One node, from its greeting to its end. What is no question ends it: there is no honest way to get there. */
export class Visit {
  readonly #socket: Socket;
  readonly #reception: Reception;
  readonly #reader = new FrameReader();
  #answering: Answering | undefined;
  readonly #unknown: NodeJS.Timeout;
  /** Runs while a question has begun and has not ended. */
  #half: NodeJS.Timeout | undefined;

  constructor(socket: Socket, reception: Reception) {
    this.#socket = socket;
    this.#reception = reception;
    this.#unknown = setTimeout(() => turnAway(socket, "nothing was asked"), HELLO_MS_MAX);
    socket.once("close", () => {
      clearTimeout(this.#unknown);
      clearTimeout(this.#half);
    });
    socket.on("data", (bytes: Buffer) => this.#hear(bytes));
  }
  #part(detail: string): void {
    this.#reception.log.warn("node parted with", { reason: detail });
    turnAway(this.#socket, detail);
  }

  #hear(bytes: Uint8Array): void {
    const frames = this.#reader.read(bytes);
    if (frames === undefined) return this.#part("no frame");
    for (const { id, body } of frames) {
      if (this.#socket.destroyed || this.#socket.writableEnded) return;
      try {
        this.#take(id, body);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        this.#reception.log.error("a question failed", { detail });
        say(this.#socket, id, { tag: "failed", detail });
      }
    }
    this.#timeHalf(frames.length > 0);
  }
  #timeHalf(isAnother: boolean): void {
    if (isAnother || !this.#reader.isWithin) {
      clearTimeout(this.#half);
      this.#half = undefined;
    }
    if (!this.#reader.isWithin || this.#half !== undefined || this.#socket.destroyed) return;
    const { questionMsMax = QUESTION_MS_MAX } = this.#reception;
    this.#half = setTimeout(() => this.#part("half a question"), questionMsMax);
  }

  #take(id: number, body: Uint8Array): void {
    const asked = decode(question, body);
    if (!asked.ok) return this.#part(`no question: ${asked.error.message}`);
    const { value } = asked;
    const answering = this.#answering;
    if (answering === undefined) return this.#greet(id, value);
    if (value.tag === "hello") return this.#part("a node greets once");
    if (value.tag === "mark") return answering.marked(value.mark);
    if (value.tag === "forget") return answering.forgotten(value.index);
    if (value.tag === "keep") {
      void answering.kept(value.mark).then(() => say(this.#socket, id, { tag: "kept" }), this.#reception.onHalt);
      return;
    }
    say(this.#socket, id, answering.answer(value));
  }
  #greet(id: number, value: Question): void {
    const { network, open, log } = this.#reception;
    if (value.tag !== "hello") return this.#part("a node greets first");
    clearTimeout(this.#unknown);
    if (value.protocol !== PROTOCOL) return this.#part(`this signer speaks version ${PROTOCOL}, not ${value.protocol}`);
    if (value.network !== network) return this.#part(`this signer is for ${network}, not for ${value.network}`);
    const signer = open();
    this.#answering = new Answering(signer);
    const { nodeId, streamMaster, backupKey, hasSigned, accounts } = signer;
    log.info("node here", { nodeId });
    const { p2wpkh, p2tr } = accounts;
    say(this.#socket, id, { tag: "hello", nodeId, streamMaster, backupKey, hasSigned, p2wpkh, p2tr });
  }
}
