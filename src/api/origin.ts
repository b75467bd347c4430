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
  return /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "").toLowerCase() === host
    ? undefined
    : "Pages of this origin may not call.";
}
