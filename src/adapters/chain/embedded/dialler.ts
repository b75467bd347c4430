import { err, type Result } from "../../../base/result.ts";
import { groupOf } from "../../../chain/addresses/place.ts";
import type { Peer } from "../../../chain/sync/peer.ts";
import type { DialFault } from "../../../ports/base-node.ts";
import type { Address, Listener, Network } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import { Discouraged } from "./discouraged.ts";
import type { Links } from "./links.ts";
import { placeOfText } from "./places.ts";

interface DiallerOptions {
  readonly links: Links;
  readonly network: Network;
  readonly clock: Clock;
  /** Whether who was parted with for this reason is not dialled again. */
  readonly isFinal?: (reason: string) => boolean;
}
/** Policy, not protocol. */
const PEERS_MAX = 125;
/** With more than so many, places are for those that have not misbehaved. */
const PEERS_FEW = 60;
const REDIAL_MIN_MS = 250;
const REDIAL_MAX_MS = 60_000;

/** Of `host:port`, as a connection names its other end. */
function netgroupOf(address: string): string {
  const place = placeOfText(address);
  return place === undefined ? address.slice(0, address.lastIndexOf(":")) : groupOf(place);
}
const keyOf = ({ host, port }: Address): string => `${host}:${port}`;

/** Opens connections and keeps them: what was dialled once is dialled again, ever more patiently, until we stop. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #targets = new Set<string>();
  readonly discouraged = new Discouraged();
  readonly #timers = new Set<() => void>();
  /** Who has called us, in their order, with its netgroup. */
  readonly #callers = new Map<Peer, string>();
  #listener: Listener | undefined;
  #stopped = false;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** Whether the operator has named anybody. */
  get hasTargets(): boolean {
    return this.#targets.size > 0;
  }
  get address(): Address | undefined {
    return this.#listener?.address;
  }

  async listen(address: Address): Promise<Address> {
    const { links, network } = this.#options;
    this.#listener = await network.listen(address, (connection) => {
      const from = connection.remoteAddress;
      if (this.#stopped || !this.#hasPlace(from)) return connection.close("now");
      const peer: Peer = links.add(connection, {
        inbound: true,
        greeted: () => undefined,
        closed: (misbehaved) => {
          this.#callers.delete(peer);
          if (misbehaved) this.discouraged.note(from);
        },
      });
      this.#callers.set(peer, netgroupOf(from));
    });
    return this.#listener.address;
  }
  #hasPlace(from: string): boolean {
    const { count } = this.#options.links;
    return this.discouraged.has(from) ? count < PEERS_FEW : count < PEERS_MAX || this.#makesPlace(netgroupOf(from));
  }
  /** The last one of the netgroup that has most callers goes for one that has fewer: so one stranger shuts nobody out. */
  #makesPlace(group: string): boolean {
    const counts = new Map<string, number>();
    for (const each of this.#callers.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
    const [crowd, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ["", 0]);
    const last = [...this.#callers].findLast(([, each]) => each === crowd);
    if (last === undefined || most <= (counts.get(group) ?? 0) + 1) return false;
    this.#options.links.part(last[0], "others of its network have most places");
    return true;
  }

  /** Tells how the first attempt went. An address that is a target already is not dialled twice. */
  connect(address: Address): Promise<Result<void, DialFault>> {
    if (this.isNamed(address)) return Promise.resolve(err({ code: "refused", reason: "it is dialled already" }));
    this.#targets.add(keyOf(address));
    return this.connectOnce(address);
  }
  /** Who is no target is not dialled again once the connection is lost, or was none. */
  connectOnce(address: Address): Promise<Result<void, DialFault>> {
    return new Promise((resolve) => {
      void this.#dial(address, REDIAL_MIN_MS, resolve);
    });
  }

  /** From now on it is no target. False for one that was none. */
  forget(address: Address): boolean {
    return this.#targets.delete(keyOf(address));
  }
  isNamed(address: Address): boolean {
    return this.#targets.has(keyOf(address));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    await this.#listener?.close();
  }

  async #dial(address: Address, delayMs: number, first: (how: Result<void, DialFault>) => void): Promise<void> {
    const { links, network } = this.#options;
    try {
      const connection = await network.dial(address);
      if (this.#stopped) {
        connection.close("now");
        return first(err({ code: "unreachable", reason: "we stop" }));
      }
      let wait = Math.min(delayMs * 2, REDIAL_MAX_MS);
      links.add(connection, {
        inbound: false,
        greeted: (how) => {
          if (how.ok) wait = REDIAL_MIN_MS;
          first(how);
        },
        closed: (misbehaved, reason) => {
          // Whom the operator named is dialled for ever, if need be without haste.
          if (this.#options.isFinal?.(reason) !== true) this.#redial(address, misbehaved ? REDIAL_MAX_MS : wait);
        },
      });
    } catch (error) {
      first(err({ code: "unreachable", reason: error instanceof Error ? error.message : String(error) }));
      this.#redial(address, Math.min(delayMs * 2, REDIAL_MAX_MS));
    }
  }

  #redial(address: Address, delayMs: number): void {
    if (this.#stopped || !this.isNamed(address)) return;
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      if (this.isNamed(address)) void this.#dial(address, delayMs, () => undefined);
    });
    this.#timers.add(cancel);
  }
}
