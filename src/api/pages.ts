import type { RequestHandler } from "express";
import { toHex } from "../base/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { PageFile, PageFiles } from "../ports/pages.ts";
import { siteField } from "./fields.ts";

/**
 * Pages and what they load. What is served stands in a table, so no path leads anywhere else. A page may load scripts and
 * styles from here alone, and fetch from here and from the one site that its address names.
 */
export function servePages(files: PageFiles): RequestHandler {
  return async (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    const file = (await files()).get(request.path);
    if (file === undefined) return next();
    const etag = etagOf(file);
    response.setHeader("Content-Security-Policy", contentPolicy(request.get("host") ?? "", request.query["site"]));
    response.setHeader("Content-Type", file.type);
    response.setHeader("Cache-Control", "private, no-cache");
    response.setHeader("ETag", etag);
    if (request.get("if-none-match") === etag) response.status(304).end();
    else response.end(request.method === "HEAD" ? undefined : file.bytes);
  };
}

const etags = new WeakMap<PageFile, string>();
function etagOf(file: PageFile): string {
  const known = etags.get(file) ?? `"${toHex(sha256(file.bytes).subarray(0, 12))}"`;
  etags.set(file, known);
  return known;
}

/** `host` is one that is served here. `'self'` does not name WebSockets in every browser, so they are named. */
function contentPolicy(host: string, site: unknown): string {
  const named = siteField.safeParse(site);
  const fetched = ["'self'", `ws://${host}`, `wss://${host}`, ...(named.success ? [named.data] : [])];
  const directives: Readonly<Record<string, readonly string[]>> = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "media-src": ["blob:"],
    "connect-src": fetched,
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
  };
  return Object.entries(directives)
    .map(([name, values]) => `${name} ${values.join(" ")}`)
    .join("; ");
}
