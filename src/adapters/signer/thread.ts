import { createConnection, type Socket } from "node:net";
import { type MessagePort, parentPort } from "node:worker_threads";
import { FrameReader } from "./frames.ts";

/** What the thread is told. */
export type Order =
  /** Answers to even questions come over this port, and the first number of `signal` is set to 1 behind each. */
  | { readonly tag: "begin"; readonly port: MessagePort; readonly signal: Int32Array }
  | { readonly tag: "connect"; readonly connection: number; readonly path: string }
  | { readonly tag: "send"; readonly connection: number; readonly bytes: Uint8Array }
  | { readonly tag: "close"; readonly connection: number };
/** What it tells. */
export type Told =
  | { readonly tag: "answer"; readonly connection: number; readonly id: number; readonly body: Uint8Array }
  | { readonly tag: "gone"; readonly connection: number; readonly reason: string };

/** Questions that somebody waits for have even numbers, those whose answers come as events odd ones. */
export const isWaitedFor = (id: number): boolean => id % 2 === 0;

/**
 * Speaks on sockets while the main thread waits: it stands still for the answer, so that what it was doing goes on with
 * nothing in between.
 */
class Thread {
  readonly #parent: MessagePort;
  readonly #sockets = new Map<number, Socket>();
  #waiting: { readonly port: MessagePort; readonly signal: Int32Array } | undefined;

  constructor(parent: MessagePort) {
    this.#parent = parent;
    parent.on("message", (order: Order) => this.#obey(order));
  }
  #obey(order: Order): void {
    switch (order.tag) {
      case "begin":
        this.#waiting = order;
        return;
      case "connect":
        return this.#connect(order.connection, order.path);
      case "send":
        this.#sockets.get(order.connection)?.write(order.bytes);
        return;
      case "close":
        this.#sockets.get(order.connection)?.destroy();
        this.#sockets.delete(order.connection);
    }
  }
  #connect(connection: number, path: string): void {
    const socket = createConnection(path);
    const reader = new FrameReader();
    let reason = "it has hung up";
    this.#sockets.set(connection, socket);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reason = error.code ?? error.message;
    });
    socket.on("data", (bytes) => {
      const frames = reader.read(bytes);
      if (frames === undefined) {
        reason = "it does not answer as a signer does";
        socket.destroy();
      }
      for (const { id, body } of frames ?? []) this.#tell({ tag: "answer", connection, id, body }, isWaitedFor(id));
    });
    socket.once("close", () => {
      // Closed by us: nobody asks any more.
      if (this.#sockets.get(connection) !== socket) return;
      this.#sockets.delete(connection);
      const gone = { tag: "gone", connection, reason } as const;
      this.#tell(gone, true);
      this.#tell(gone, false);
    });
  }
  #tell(told: Told, waited: boolean): void {
    if (!waited || this.#waiting === undefined) return this.#parent.postMessage(told);
    const { port, signal } = this.#waiting;
    port.postMessage(told);
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  }
}

// Also loaded by the main thread, for its types.
if (parentPort !== null) new Thread(parentPort);
