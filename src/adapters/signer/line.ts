import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { startThread } from "../worker-thread.ts";
import { type Frame, frameBytes } from "./frames.ts";
import type { Order, Told } from "./thread.ts";

/** The signer in another process does not answer, or not any more. Whoever rests on it stops. */
export class SignerGone extends Error {
  override readonly name = "SignerGone";
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
  /** Stands still until the answer is there, `ms` at most. */
  ask(connection: number, frame: Frame, ms: number): Uint8Array {
    this.send(connection, frame);
    const deadline = performance.now() + ms;
    for (;;) {
      Atomics.store(this.#signal, 0, 0);
      const received = receiveMessageOnPort(this.#port) as { readonly message: Told } | undefined;
      if (received !== undefined) {
        const { message } = received;
        if (message.connection !== connection) continue;
        if (message.tag === "gone") throw new SignerGone(message.reason);
        if (message.id === frame.id || message.id === UNASKED) return message.body;
        continue;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new SignerGone(`no answer within ${ms} ms`);
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
  /** Asks and stands still for the answer. Throws `SignerGone`. */
  ask(body: Uint8Array): Uint8Array;
  /** Asks; the answer comes later. Rejects with `SignerGone`. */
  askLater(body: Uint8Array): Promise<Uint8Array>;
  /** What has no answer. */
  tell(body: Uint8Array): void;
  close(): void;
}

/**
 * A line to whoever listens there; that nobody does is found at the first question.
 * @param msMax  how long anybody waits for an answer
 * @param onGone told once, when the other side is gone; not after our own `close`
 */
export function openLine(path: string, msMax: number, onGone: (error: SignerGone) => void): Line {
  exchange ??= new Exchange();
  const known = exchange;
  const later = new Map<number, { resolve: (body: Uint8Array) => void; reject: (error: SignerGone) => void }>();
  let gone: SignerGone | undefined;
  const lost = (reason: string): void => {
    gone = new SignerGone(reason);
    for (const { reject } of later.values()) reject(gone);
    later.clear();
    onGone(gone);
  };
  const connection = known.connect(path, {
    answer: ({ id, body }) => {
      later.get(id)?.resolve(body);
      later.delete(id);
    },
    gone: lost,
  });
  let even = 0;
  let odd = 1;
  return {
    ask: (body) => {
      if (gone !== undefined) throw gone;
      even = (even + 2) % 2 ** 32;
      return known.ask(connection, { id: even, body }, msMax);
    },
    askLater: (body) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        odd = (odd + 2) % 2 ** 32;
        later.set(odd, { resolve, reject });
        known.send(connection, { id: odd, body });
      }),
    tell: (body) => {
      odd = (odd + 2) % 2 ** 32;
      known.send(connection, { id: odd, body });
    },
    close: () => {
      gone ??= new SignerGone("closed by us");
      known.close(connection);
    },
  };
}
