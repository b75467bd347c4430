import { RollingSet } from "../../../chain/sync/rolling-set.ts";

/** Policy, not protocol. */
const HOSTS_MAX = 5000;

/**
 * Hosts whose nodes have misbehaved, until the process ends or many more have. They may still call us while places are
 * free, as several nodes can share a host. This machine itself is never among them.
 */
export class Discouraged {
  readonly #hosts = new RollingSet<string>(HOSTS_MAX);

  /** @param address  `host:port`, as a connection names its other end */
  note(address: string): void {
    const host = hostOf(address);
    if (!isLoopback(host)) this.#hosts.add(host);
  }
  has(address: string): boolean {
    return this.#hosts.has(hostOf(address));
  }
}

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(":")).replace(/^::ffff:/, "");
const isLoopback = (host: string): boolean => host.startsWith("127.") || host === "::1" || host === "localhost";
