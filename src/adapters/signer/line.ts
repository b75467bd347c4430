import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { err, ok, type Result } from "../../base/result.ts";
import { Refused } from "../sentences.ts";
import { startThread } from "../worker-thread.ts";
import { type Frame, frameBytes } from "./frames.ts";
import type { Order, Told } from "./thread.ts";

/** The signer in another process does not answer, not any more, or not as a signer does. Whoever rests on it stops. */
export class SignerGone extends Refused {
  override readonly name = "SignerGone";
  constructor(path: string, detail: string) {
    super(
      detail === "ECONNREFUSED" ? `No signer listens on ${path}.` : `The signer at ${path} is of no use: ${detail}.`,
    );
  }
}

/** What comes without being waited for. */
interface LineListener {
  readonly answer: (frame: Frame) => void;
  readonly gone: (reason: string) => void;
}

/** Of what the other side says of itself, before it hangs up. */
const UNASKED = 0;

/** One thread with all lines of this process: it may be asked while this thread stands still. */
class Exchange {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #lines = new Map<number, LineListener>();
  #next = 1;

  constructor() {
    this.#worker = startThread(import.meta.url, "thread");
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    this.#tell({ tag: "begin", port: port2, signal: this.#signal }, [port2]);
    this.#worker.on("message", (told: Told) => this.#hear(told));
    this.#worker.on("error", (error) => this.#allGone(error.message));
    this.#worker.unref();
  }
  connect(path: string, listener: LineListener): number {
    const connection = this.#next++;
    this.#worker.ref();
    this.#lines.set(connection, listener);
    this.#tell({ tag: "connect", connection, path });
    return connection;
  }
  send(connection: number, frame: Frame): void {
    this.#tell({ tag: "send", connection, bytes: frameBytes(frame) });
  }
  /** Stands still until the answer is there, `ms` at most; answers why there is none. */
  ask(connection: number, frame: Frame, ms: number): Result<Uint8Array, string> {
    this.send(connection, frame);
    const deadline = performance.now() + ms;
    for (;;) {
      Atomics.store(this.#signal, 0, 0);
      const received = receiveMessageOnPort(this.#port) as { readonly message: Told } | undefined;
      if (received !== undefined) {
        const { message } = received;
        if (message.connection !== connection) continue;
        if (message.tag === "gone") return err(message.reason);
        if (message.id === frame.id || message.id === UNASKED) return ok(message.body);
        continue;
      }
      const left = deadline - performance.now();
      if (left <= 0) return err(noAnswer(ms));
      Atomics.wait(this.#signal, 0, 0, left);
    }
  }
  close(connection: number): void {
    this.#tell({ tag: "close", connection });
    this.#forget(connection);
  }
  #tell(order: Order, transfer: readonly MessagePort[] = []): void {
    this.#worker.postMessage(order, [...transfer]);
  }
  #hear(told: Told): void {
    const line = this.#lines.get(told.connection);
    if (told.tag === "answer") return line?.answer(told);
    this.#forget(told.connection);
    line?.gone(told.reason);
  }
  #allGone(reason: string): void {
    for (const [connection, line] of [...this.#lines]) {
      this.#forget(connection);
      line.gone(reason);
    }
  }
  #forget(connection: number): void {
    this.#lines.delete(connection);
    if (this.#lines.size === 0) this.#worker.unref();
  }
}
let exchange: Exchange | undefined;

/** A line to a signer. */
export interface Line {
  /** Of the socket. */
  readonly path: string;
  /** Asks and stands still for the answer, `ms` at most. Throws `SignerGone`. */
  ask(body: Uint8Array, ms: number): Uint8Array;
  /** Asks; the answer comes later, within `ms`. Rejects with `SignerGone`. */
  askLater(body: Uint8Array, ms: number): Promise<Uint8Array>;
  /** What has no answer. */
  tell(body: Uint8Array): void;
  close(): void;
}

/** Questions whose answers come later. */
class Awaited {
  readonly #waiting = new Map<number, { resolve(body: Uint8Array): void; reject(error: SignerGone): void }>();
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** Calls `late` when no answer has come within `ms`. */
  answerTo(id: number, ms: number, late: () => void): Promise<Uint8Array> {
    this.#timers.set(id, setTimeout(late, ms));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
  answered({ id, body }: Frame): void {
    this.#waiting.get(id)?.resolve(body);
    this.#waiting.delete(id);
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
  end(error: SignerGone): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * A line to whoever listens there; that nobody does is found at the first question. A question that is not answered in its
 * time ends the line: nothing is known of the other side any more, and whoever would ask next waits for nothing.
 * @param onGone told once, when the other side is gone; not after our own `close`
 */
export function openLine(path: string, onGone: (error: SignerGone) => void): Line {
  exchange ??= new Exchange();
  const known = exchange;
  const awaited = new Awaited();
  let gone: SignerGone | undefined;
  const lost = (reason: string): SignerGone => {
    if (gone !== undefined) return gone;
    gone = new SignerGone(path, reason);
    awaited.end(gone);
    onGone(gone);
    return gone;
  };
  const connection = known.connect(path, { answer: (frame) => awaited.answered(frame), gone: lost });
  const giveUp = (reason: string): SignerGone => {
    known.close(connection);
    return lost(reason);
  };
  let even = 0;
  let odd = 1;
  return {
    path,
    ask: (body, ms) => {
      if (gone !== undefined) throw gone;
      even = (even + 2) % 2 ** 32;
      const answered = known.ask(connection, { id: even, body }, ms);
      if (!answered.ok) throw giveUp(answered.error);
      return answered.value;
    },
    askLater: async (body, ms) => {
      if (gone !== undefined) throw gone;
      odd = (odd + 2) % 2 ** 32;
      known.send(connection, { id: odd, body });
      return awaited.answerTo(odd, ms, () => giveUp(noAnswer(ms)));
    },
    tell: (body) => {
      odd = (odd + 2) % 2 ** 32;
      known.send(connection, { id: odd, body });
    },
    close: () => {
      known.close(connection);
      if (gone !== undefined) return;
      gone = new SignerGone(path, "closed by us");
      awaited.end(gone);
    },
  };
}
const noAnswer = (ms: number): string => `no answer within ${ms} ms`;
