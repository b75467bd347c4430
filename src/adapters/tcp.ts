import { createConnection, createServer, type Socket } from "node:net";
import type { Address, Connection, ConnectionListener, Listener, Network } from "../ports/network.ts";
import { Refused, sentenceFor } from "./sentences.ts";

/** Policy, not protocol: who does not answer within this time is not there. */
const DIAL_MS_MAX = 10_000;
/** Policy, not protocol: what is queued when a connection is closed may take this long to leave. */
const CLOSE_MS_MAX = 5_000;
/** Policy, not protocol: the last line. Hosts bound their queues earlier, by `queuedBytes`. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024;

class TcpConnection implements Connection {
  readonly remoteAddress: string;
  readonly #socket: Socket;
  /** Undefined before `attach` and after our own `close`: who hangs up hears nothing more. */
  #listener: ConnectionListener | undefined;
  #ending = false;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.setNoDelay(true);
    // Nothing is read before someone listens.
    socket.pause();
    socket.on("error", () => socket.destroy());
    socket.on("end", () => this.#end());
    socket.on("close", () => {
      this.#closed = true;
      const listener = this.#listener;
      this.#listener = undefined;
      listener?.closed();
    });
  }
  attach(listener: ConnectionListener): void {
    if (this.#closed) {
      queueMicrotask(listener.closed);
      return;
    }
    this.#listener = listener;
    this.#socket.on("data", (bytes: Buffer) => {
      this.#listener?.data(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    });
    this.#socket.resume();
  }
  send(bytes: Uint8Array): void {
    if (this.#ending || this.#closed) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > QUEUED_BYTES_MAX) this.#socket.destroy();
  }
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  close(how?: "now"): void {
    this.#listener = undefined;
    if (how === "now") this.#socket.destroy();
    else this.#end();
  }
  /** Lets what is queued leave, but not for ever. */
  #end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    // An end that is not read does not show that the other side has hung up.
    this.#socket.resume();
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS_MAX).unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }
}

function dial({ host, port }: Address): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true });
    const refuse = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => refuse(new Error(`no answer from ${host}:${port}`)), DIAL_MS_MAX);
    socket.once("error", refuse);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", refuse);
      resolve(new TcpConnection(socket));
    });
  });
}

function listen({ host, port }: Address, accept: (connection: Connection) => void): ReturnType<Network["listen"]> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      accept(new TcpConnection(socket));
    });
    server.once("error", reject);
    server.listen({ host, port }, () => {
      const bound = server.address();
      const address = { host, port: typeof bound === "object" && bound !== null ? bound.port : port };
      resolve({
        address,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            // Whoever accepted them has had the time to say goodbye.
            for (const socket of sockets) socket.destroySoon();
          }),
      });
    });
  });
}

/** Where something is to listen, and what helps where nothing can. */
export interface WantedAddress extends Address {
  readonly remedy: string;
}
/** Rejects with a sentence when one of these cannot be listened on now. Nothing is done with connections meanwhile. */
export async function assertFree(addresses: readonly WantedAddress[]): Promise<void> {
  const held: Listener[] = [];
  try {
    for (const address of addresses) held.push(await listenNow(address));
  } finally {
    await Promise.all(held.map((listener) => listener.close()));
  }
}

async function listenNow({ remedy, ...address }: WantedAddress): Promise<Listener> {
  try {
    return await listen(address, (connection) => connection.close("now"));
  } catch (error) {
    const sentence = sentenceFor(error);
    throw sentence === undefined ? error : new Refused(`${sentence} ${remedy}`);
  }
}

/** Sockets of the machine: small messages leave at once, nobody waits for more than 10 seconds for an answer. */
export const tcpNetwork: Network = { dial, listen };
