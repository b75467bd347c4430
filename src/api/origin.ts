import type { IncomingMessage } from "node:http";

/** Names under which this API may be reached, without port. */
export const LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"] as const;

export interface Origins {
  readonly hosts: readonly string[];
  /** Other origins whose pages may call, as `https://shop.example`. */
  readonly origins: readonly string[] | "any";
}

/**
 * Why a request is refused by where it comes from; undefined when it may pass. A foreign `Host` is a name made to point
 * at this machine (DNS rebinding); a foreign `Origin` is some other page in the same browser.
 */
export function foreign({ headers }: Pick<IncomingMessage, "headers">, allowed: Origins): string | undefined {
  const host = (headers.host ?? "").toLowerCase();
  if (!allowed.hosts.includes(host.replace(/:\d+$/, "")))
    return "The Host header names a host that is not served here.";
  const origin = headers.origin;
  if (origin === undefined || allowed.origins === "any" || allowed.origins.includes(origin)) return undefined;
  return isOrigin(origin, host) ? undefined : "Pages of this origin may not call.";
}
const isOrigin = (origin: string, host: string): boolean =>
  /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "").toLowerCase() === host;

/**
 * Whether the browser says that a page of this very API sent the request. A cookie comes along with whatever a page on any
 * port of this machine asks for, images too, and a GET may pay for a key: so a login counts only then. Browsers say it in
 * `Sec-Fetch-Site`, and for WebSockets in `Origin`; pages can write neither.
 */
export function fromOwnPage({ headers }: Pick<IncomingMessage, "headers">): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin, host = "" } = headers;
  return origin === undefined ? site === "same-origin" : isOrigin(origin, host.toLowerCase());
}
