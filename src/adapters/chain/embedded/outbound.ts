import { learn, noteDialled } from "../../../chain/addresses/book.ts";
import { anchorsLeft, type Call, neededBy, nextCall, RELAY_CALLS } from "../../../chain/addresses/calls.ts";
import type { Place } from "../../../chain/addresses/place.ts";
import type { Peer, Sync } from "../../../chain/sync/peer.ts";
import type { Names, Network } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import type { AddressFile } from "./address-file.ts";
import type { Discouraged } from "./discouraged.ts";
import type { Links } from "./links.ts";
import { hostOf, placeOf } from "./places.ts";

export interface OutboundOptions {
  readonly links: Links;
  readonly network: Network;
  readonly clock: Clock;
  readonly file: AddressFile;
  readonly sync: Sync;
  readonly discouraged: Discouraged;
  /** Where names of seeds are looked up, if at all. */
  readonly names: Names | undefined;
  readonly seeds: readonly string[];
  readonly port: number;
  /** Whether the operator has named nodes: then no strangers are asked for others. */
  readonly areNamed: () => boolean;
}
/** Policy, not protocol. */
const STEP_MS = 1000;
const FEELER_EVERY_MS = 120_000;
const KEEP_EVERY_MS = 15 * 60_000;
/** Seeds are asked when so few are connected and known, after the known ones have had their chance. */
const CONNECTED_FEW = 2;
const KNOWN_FEW = 1000;
const SEEDS_AFTER_MS = 11_000;
const SEEDS_AGAIN_MS = 600_000;
const SEED_ADDRESSES_MAX = 256;
/** What a seed names was seen about then. */
const SEED_SEEN_S = 5 * 86_400;
/** A seed names those that serve what stands in hexadecimal in front of its name, if it keeps a list of them. */
const seedName = (seed: string, services: bigint): string => `x${services.toString(16)}.${seed}`;
const textOf = (place: Place): string => `${hostOf(place)}:${place.port}`;

/** Keeps connections with strangers, chosen from the address book: on networks of strangers alone. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #begun: number;
  /** Being dialled. */
  readonly #pending = new Set<Call>();
  readonly #called = new Map<Peer, Call>();
  #anchors: readonly Place[];
  #feltAt: number;
  #keptAt: number;
  #seedsAt: number | undefined;
  #stopped = false;
  #cancel: () => void;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#anchors = options.file.anchors;
    this.#begun = options.clock.now();
    this.#feltAt = this.#begun;
    this.#keptAt = this.#begun;
    this.#cancel = options.clock.after(0, () => this.#step());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.keep();
  }
  /** Writes the book, and with whom we are connected for blocks alone. To be called before connections are closed. */
  keep(): Promise<void> {
    const connected = [...this.#called].filter(([peer, { purpose }]) => peer.ready && purpose === "blocks");
    return this.#options.file.keep(connected.map(([, { place }]) => place));
  }

  #step(): void {
    const { clock, file } = this.#options;
    this.#cancel = clock.after(STEP_MS, () => this.#step());
    const now = clock.now();
    const call = nextCall(file.book, this.#calls(now), Math.floor(now / 1000));
    if (call !== undefined) void this.#dial(call, now);
    this.#partWithWorst();
    if (this.#areSeedsDue(now)) this.#askSeeds(now);
    if (now - this.#keptAt < KEEP_EVERY_MS) return;
    this.#keptAt = now;
    void this.keep();
  }
  #isTipLate(): boolean {
    return this.#options.sync.late.stage !== "none";
  }
  #calls(now: number) {
    const { links, discouraged, sync } = this.#options;
    const connected = links
      .dialled()
      .flatMap(({ place, purpose }) => (place === undefined ? [] : [{ place, purpose }]));
    return {
      current: [...connected, ...this.#pending],
      anchors: this.#anchors,
      extra: this.#isTipLate(),
      feelerDue: now - this.#feltAt >= FEELER_EVERY_MS,
      needed: neededBy(sync),
      isShunned: (place: Place) => discouraged.has(textOf(place)),
    };
  }

  async #dial(call: Call, now: number): Promise<void> {
    const { network, links, file, discouraged } = this.#options;
    const { place, purpose } = call;
    this.#pending.add(call);
    this.#anchors = anchorsLeft(this.#anchors, place);
    if (purpose === "feeler") this.#feltAt = now;
    noteDialled(file.book, place, Math.floor(now / 1000));
    try {
      const connection = await network.dial({ host: hostOf(place), port: place.port });
      if (this.#stopped) return connection.close("now");
      const peer: Peer = links.add(connection, {
        inbound: false,
        purpose,
        place,
        greeted: () => undefined,
        closed: (misbehaved) => {
          this.#called.delete(peer);
          if (misbehaved) discouraged.note(textOf(place));
        },
      });
      this.#called.set(peer, call);
    } catch {
      // The book knows that it was dialled in vain.
    } finally {
      this.#pending.delete(call);
    }
  }

  /** With one too many, the one that has brought no news for longest goes. */
  #partWithWorst(): void {
    const relaying = [...this.#called].filter(([peer, { purpose }]) => peer.ready && purpose === "relay");
    const allowed = RELAY_CALLS + (this.#isTipLate() ? 1 : 0);
    if (relaying.length <= allowed) return;
    const [worst] = relaying.map(([peer]) => peer).sort((a, b) => a.newsAt - b.newsAt);
    if (worst !== undefined) this.#options.links.part(worst, "brings the least news");
  }

  #areSeedsDue(now: number): boolean {
    const { names, areNamed, file, links } = this.#options;
    if (names === undefined || areNamed()) return false;
    const waited = this.#seedsAt === undefined ? SEEDS_AFTER_MS : SEEDS_AGAIN_MS;
    const known = file.book.nodes.size;
    if (now - (this.#seedsAt ?? this.#begun) < (known === 0 && this.#seedsAt === undefined ? 0 : waited)) return false;
    const connected = links.dialled().filter(({ ready, purpose }) => ready && purpose === "relay").length;
    return connected < CONNECTED_FEW && (known < KNOWN_FEW || now - this.#begun >= SEEDS_AGAIN_MS);
  }
  #askSeeds(now: number): void {
    this.#seedsAt = now;
    for (const seed of this.#options.seeds) void this.#askSeed(seed);
  }
  async #askSeed(seed: string): Promise<void> {
    const { names, clock, file, port, sync } = this.#options;
    const services = neededBy(sync);
    // A seed that does not answer is one of several.
    const hosts = (await names?.resolve(seedName(seed, services)).catch(() => [])) ?? [];
    const now = Math.floor(clock.now() / 1000);
    for (const host of hosts.slice(0, SEED_ADDRESSES_MAX)) {
      const place = placeOf(host, port);
      if (place === undefined) continue;
      learn(file.book, { place, services, seen: now - SEED_SEEN_S }, `seed ${seed}`, now);
    }
  }
}
