import { toHex, utf8 } from "../../../base/bytes.ts";
import type { Log } from "../../../ports/log.ts";
import type { Address, Connection, Listener, Network } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import { greeting, message, pong, ready, ZmtpReader, type ZmtpWord } from "./zmtp.ts";

/** ZeroMQ's high water mark. What comes on top of so many messages that wait a subscriber does not get. */
export const WAITING_MAX = 1_000;
/** Policy, not protocol: and bytes of them. */
const BYTES_WAITING_MAX = 64 * 1024 * 1024;
/** Policy, not protocol: so much of it is with the system. */
const QUEUE_BYTES_GOOD = 1_000_000;
const SERVE_AGAIN_MS = 20;
const HANDSHAKE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 64;
const SUBSCRIPTIONS_MAX = 256;

export interface PublisherOptions {
  readonly network: Network;
  readonly address: Address;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages that may wait for one subscriber; 1,000 unless told. */
  readonly waitingMax?: number;
}
/** A ZeroMQ socket of type PUB: whoever connects gets the messages whose first part begins as it wishes. */
export interface Publisher {
  readonly address: Address;
  /** To those who subscribed to the topic, if there is anybody: only then the other parts are made. */
  publish(topic: string, parts: () => readonly Uint8Array[]): void;
  close(): Promise<void>;
}

/** Rejects with the system's error when the address cannot be listened on. */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { network, address, clock, log, waitingMax = WAITING_MAX } = options;
  const subscribers = new Set<Subscriber>();
  const accept = (connection: Connection): void => {
    if (subscribers.size >= CONNECTIONS_MAX) return connection.close("now");
    const subscriber = new Subscriber(connection, clock, waitingMax, (reason) => {
      subscribers.delete(subscriber);
      log.debug("zmq.subscriber.gone", { address: connection.remoteAddress, reason });
    });
    subscribers.add(subscriber);
    subscriber.greet();
  };
  const listener: Listener = await network.listen(address, accept);
  return {
    address: listener.address,
    publish: (topic, parts) => {
      const interested = [...subscribers].filter((subscriber) => subscriber.wants(topic));
      if (interested.length === 0) return;
      const bytes = message(utf8(topic), ...parts());
      for (const subscriber of interested) subscriber.take(bytes);
    },
    close: async () => {
      for (const subscriber of subscribers) subscriber.leave("we stop");
      await listener.close();
    },
  };
}

/** One connection: what it wants, and what waits for it. */
class Subscriber {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #waitingMax: number;
  readonly #gone: (reason: string) => void;
  readonly #reader = new ZmtpReader();
  /** How often each prefix was subscribed to, by its hex. */
  readonly #prefixes = new Map<string, number>();
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #left = false;
  #cancelDeadline: () => void = () => undefined;
  #cancelServing: (() => void) | undefined;

  constructor(connection: Connection, clock: Clock, waitingMax: number, gone: (reason: string) => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#waitingMax = waitingMax;
    this.#gone = gone;
  }
  greet(): void {
    this.#cancelDeadline = this.#clock.after(HANDSHAKE_MS_MAX, () => this.leave("says nothing"));
    this.#connection.send(greeting());
    this.#connection.attach({ data: (bytes) => this.#read(bytes), closed: () => this.leave("connection closed") });
  }
  wants(topic: string): boolean {
    const name = toHex(utf8(topic));
    for (const prefix of this.#prefixes.keys()) if (name.startsWith(prefix)) return true;
    return false;
  }
  take(bytes: Uint8Array): void {
    const isFull = this.#waiting.length >= this.#waitingMax || this.#waitingBytes + bytes.length > BYTES_WAITING_MAX;
    if (isFull) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#cancelServing === undefined) this.#serve();
  }
  leave(reason: string): void {
    if (this.#left) return;
    this.#left = true;
    this.#cancelDeadline();
    this.#cancelServing?.();
    this.#prefixes.clear();
    this.#waiting.length = 0;
    this.#connection.close("now");
    this.#gone(reason);
  }

  #serve(): void {
    this.#cancelServing = undefined;
    while (this.#connection.queuedBytes < QUEUE_BYTES_GOOD) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#waitingBytes -= next.length;
      this.#connection.send(next);
    }
    this.#cancelServing = this.#clock.after(SERVE_AGAIN_MS, () => this.#serve());
  }
  #read(bytes: Uint8Array): void {
    const { words, fault } = this.#reader.feed(bytes);
    for (const word of words) if (!this.#left) this.#hear(word);
    if (fault !== undefined) this.leave(fault);
    else if (this.#connection.queuedBytes > 2 * QUEUE_BYTES_GOOD) this.leave("asks and does not read");
  }
  #hear(word: ZmtpWord): void {
    if (word.tag === "Ready") {
      this.#cancelDeadline();
      this.#connection.send(ready());
    } else if (word.tag === "Ping") this.#connection.send(pong(word.context));
    else if (word.tag === "Subscribe") this.#subscribe(toHex(word.prefix));
    else this.#cancel(toHex(word.prefix));
  }
  #subscribe(prefix: string): void {
    const times = this.#prefixes.get(prefix) ?? 0;
    if (times === 0 && this.#prefixes.size >= SUBSCRIPTIONS_MAX) this.leave("subscribes to too much");
    else this.#prefixes.set(prefix, times + 1);
  }
  /** One for each time that it was subscribed to. */
  #cancel(prefix: string): void {
    const times = this.#prefixes.get(prefix) ?? 0;
    if (times > 1) this.#prefixes.set(prefix, times - 1);
    else this.#prefixes.delete(prefix);
  }
}
