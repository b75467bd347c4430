import { assert } from "../../base/result.ts";
import type { Address, Connection, ConnectionListener, Network } from "../../ports/network.ts";
import type { Clock, Random } from "../../ports/world.ts";

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /** Delays and the places where a stream of bytes is cut into pieces. */
  readonly random: Random;
  /** How long bytes are under way, in milliseconds; 1 to 5 unless told. Order is kept within a connection. */
  readonly delayMs?: { readonly min: number; readonly max: number };
  /** Sees every piece as it arrives: for checkers and captures. */
  readonly tap?: (piece: { readonly from: string; readonly to: string; readonly bytes: Uint8Array }) => void;
}
/** The wires of a world of named machines. Same clock, same seed, same traffic: same order of everything. */
export interface MemoryNetwork {
  /** The network as the machine of that name sees it. It can be reached under this name and under `127.0.0.1`. */
  host(name: string): Network;
  /** Breaks every connection between two machines: what is under way is lost. Gives the number of connections broken. */
  cut(a: string, b: string): number;
  /** Lets nothing through between two machines until `heal`. Connections stay open and their bytes wait, as behind a dead router. */
  hold(a: string, b: string): void;
  /** Cuts, and refuses dialling until `heal`. */
  part(a: string, b: string): void;
  heal(a: string, b: string): void;
  /** The machine dies: its listeners are gone, it hears nothing more, its peers learn that the connection is lost. */
  crash(name: string): void;
  /** Open connections, each counted once. */
  readonly connections: number;
}

/** Policy, not protocol: as the TCP adapter. */
const DIAL_MS_MAX = 10_000;
const EPHEMERAL_PORT_MIN = 49_152;
/** One piece in this many is cut in two. */
const CUT_ONE_IN = 8;

export const memoryNetwork = (options: MemoryNetworkOptions): MemoryNetwork => new Wires(options);

interface Door {
  readonly name: string;
  readonly accept: (connection: Connection) => void;
}
const pairKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
const doorKey = ({ host, port }: Address): string => `${host}:${port}`;

class Wires implements MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #doors = new Map<string, Door>();
  readonly #ends = new Set<End>();
  readonly #held = new Set<string>();
  readonly #parted = new Set<string>();
  #nextPort = EPHEMERAL_PORT_MIN;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
  }
  get clock(): Clock {
    return this.#options.clock;
  }
  get connections(): number {
    return this.#ends.size / 2;
  }

  host(name: string): Network {
    return {
      listen: async (address, accept) => {
        const port = address.port === 0 ? this.#nextPort++ : address.port;
        // Every machine has its own 127.0.0.1, but there is one world: the name tells them apart.
        const keys = [...new Set([doorKey({ host: name, port }), doorKey({ host: address.host, port })])];
        if (keys.some((key) => this.#doors.has(key))) throw new Error(`EADDRINUSE: ${address.host}:${port}`);
        for (const key of keys) this.#doors.set(key, { name, accept });
        const close = async (): Promise<void> => {
          for (const key of keys) this.#doors.delete(key);
        };
        return { address: { host: address.host, port }, close };
      },
      dial: (address) => this.#dial(name, address),
    };
  }
  #dial(from: string, address: Address): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const door = this.#doors.get(doorKey(address));
      const isSilent = door !== undefined && this.#held.has(pairKey(from, door.name));
      this.clock.after(isSilent ? DIAL_MS_MAX : this.delay(), () => {
        const to = this.#doors.get(doorKey(address));
        if (to === undefined || this.#parted.has(pairKey(from, to.name))) {
          return reject(new Error(`ECONNREFUSED: ${doorKey(address)}`));
        }
        if (isSilent) return reject(new Error(`no answer from ${doorKey(address)}`));
        const dialler = new End(this, from, `${to.name}:${address.port}`);
        const accepter = new End(this, to.name, `${from}:${this.#nextPort++}`);
        dialler.other = accepter;
        accepter.other = dialler;
        this.#ends.add(dialler).add(accepter);
        to.accept(accepter);
        resolve(dialler);
      });
    });
  }

  cut(a: string, b: string): number {
    const between = [...this.#ends].filter((end) => end.joins(a, b));
    for (const end of between) end.lose();
    return between.length / 2;
  }
  hold(a: string, b: string): void {
    this.#held.add(pairKey(a, b));
  }
  part(a: string, b: string): void {
    this.#parted.add(pairKey(a, b));
    this.cut(a, b);
  }
  heal(a: string, b: string): void {
    this.#parted.delete(pairKey(a, b));
    if (this.#held.delete(pairKey(a, b))) for (const end of this.#ends) if (end.joins(a, b)) end.deliver();
  }
  crash(name: string): void {
    for (const [key, door] of this.#doors) if (door.name === name) this.#doors.delete(key);
    for (const end of [...this.#ends]) {
      if (end.name !== name) continue;
      end.silence();
      end.other.lose();
    }
  }
  forget(end: End): void {
    this.#ends.delete(end);
  }
  isHeld(end: End): boolean {
    return this.#held.has(pairKey(end.name, end.other.name));
  }
  /** From `min` to `max`, in milliseconds. */
  delay(): number {
    const { min, max } = this.#options.delayMs ?? { min: 1, max: 5 };
    const [high, low] = this.#options.random.bytes(2) as unknown as [number, number];
    return min + ((high * 256 + low) % (max - min + 1));
  }
  /** One piece, or two that together are it. */
  pieces(bytes: Uint8Array): Uint8Array[] {
    const [lot, high, low] = this.#options.random.bytes(3) as unknown as [number, number, number];
    if (lot % CUT_ONE_IN !== 0 || bytes.length < 2) return [bytes];
    const at = 1 + ((high * 256 + low) % (bytes.length - 1));
    return [bytes.slice(0, at), bytes.slice(at)];
  }
  told(end: End, bytes: Uint8Array): void {
    this.#options.tap?.({ from: end.other.name, to: end.name, bytes });
  }
}

type Parcel = { readonly due: number; readonly bytes: Uint8Array | "end" };

/** One end of a connection, with the bytes that are on their way to it. */
class End implements Connection {
  readonly name: string;
  readonly remoteAddress: string;
  readonly #wires: Wires;
  readonly #coming: Parcel[] = [];
  #other: End | undefined;
  #listener: ConnectionListener | undefined;
  #paused = false;
  #closed = false;
  #cancel = (): void => {};

  constructor(wires: Wires, name: string, remoteAddress: string) {
    this.#wires = wires;
    this.name = name;
    this.remoteAddress = remoteAddress;
  }
  get other(): End {
    assert(this.#other !== undefined, "a connection has two ends");
    return this.#other;
  }
  set other(end: End) {
    this.#other = end;
  }
  joins(a: string, b: string): boolean {
    return pairKey(this.name, this.other.name) === pairKey(a, b);
  }

  attach(listener: ConnectionListener): void {
    this.#listener = listener;
    if (this.#closed) this.#wires.clock.after(0, listener.closed);
    else this.deliver();
  }
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    // The sender may use its buffer again.
    for (const piece of this.#wires.pieces(bytes.slice())) this.other.receive(piece);
  }
  get queuedBytes(): number {
    return this.other.#coming.reduce((sum, { bytes }) => sum + (bytes === "end" ? 0 : bytes.length), 0);
  }
  pause(): void {
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
    this.deliver();
  }
  /** Who hangs up hears nothing more. */
  close(how?: "now"): void {
    if (this.#closed) return;
    if (how === "now") this.other.lose();
    else this.other.receive("end");
    this.silence();
  }

  receive(bytes: Uint8Array | "end"): void {
    if (this.#closed) return;
    // Nothing overtakes on a wire.
    const earliest = this.#coming.at(-1)?.due ?? 0;
    this.#coming.push({ due: Math.max(earliest, this.#wires.clock.now() + this.#wires.delay()), bytes });
    if (this.#coming.length === 1) this.deliver();
  }
  /** Hands over what is due, and waits for the next. */
  deliver(): void {
    this.#cancel();
    const isStuck = this.#closed || this.#paused || this.#listener === undefined || this.#wires.isHeld(this);
    const first = this.#coming[0];
    if (isStuck || first === undefined) return;
    const waitMs = first.due - this.#wires.clock.now();
    this.#cancel = this.#wires.clock.after(Math.max(0, waitMs), () => {
      if (this.#closed || this.#paused || this.#wires.isHeld(this)) return;
      this.#coming.shift();
      if (first.bytes === "end") return this.lose();
      this.#wires.told(this, first.bytes);
      this.#listener?.data(first.bytes);
      this.deliver();
    });
  }
  /** The connection is over for this end; what was on its way is lost. */
  lose(): void {
    if (this.#closed) return;
    const listener = this.#listener;
    this.silence();
    if (listener !== undefined) this.#wires.clock.after(0, listener.closed);
  }
  /** Over, without a word: it hung up, or its machine is dead. */
  silence(): void {
    this.#closed = true;
    this.#coming.length = 0;
    this.#cancel();
    this.#listener = undefined;
    this.#wires.forget(this);
  }
}
