import { fromHex, toHex, utf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { UnixMs } from "../base/units.ts";
import { constantTimeEqual, sha256 } from "../crypto/hash.ts";
import type { Random } from "../ports/world.ts";
import type { ApiFault } from "./faults.ts";

/** What a token may do: `area:read` to look, `area:write` to change. */
export const SCOPES = [
  "info:read",
  "chain:read",
  "chain:write",
  "wallet:read",
  "wallet:write",
  "peers:read",
  "peers:write",
  "channels:read",
  "channels:write",
  "graph:read",
  "invoices:read",
  "invoices:write",
  "payments:read",
  "payments:write",
  "streams:read",
  "streams:write",
  "subscriptions:read",
  "subscriptions:write",
  "events:read",
  "node:write",
] as const;
export type Scope = (typeof SCOPES)[number];

/** A token as it is kept: everything but the secret. */
export interface TokenDocument {
  readonly id: string;
  readonly label: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the secret part, in hex. */
  readonly secretHash: string;
  readonly createdAt: UnixMs;
  readonly expiresAt?: UnixMs;
  readonly revokedAt?: UnixMs;
}
/** Who asks: a token, or a browser that has logged in. */
export type Holder = Pick<TokenDocument, "id" | "scopes">;
export interface TokenStore {
  /** All tokens as they stand now; asked at every request. */
  list(): readonly TokenDocument[];
  /** Adds the token, or replaces the one of that id. Resolves once it is on disk. */
  put(token: TokenDocument): Promise<void>;
}
export interface NewToken {
  /** The whole token, shown this once. */
  readonly text: string;
  readonly document: TokenDocument;
}

const TOKEN_FORM = /^slc_([0-9a-z]{6,32})_([A-Za-z0-9_-]{43})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;

export interface TokenRequest {
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly random: Random;
  readonly now: UnixMs;
}
export function makeToken({ label, scopes, random, now }: TokenRequest): NewToken {
  const id = toHex(random.bytes(ID_BYTES));
  const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url");
  const secretHash = toHex(sha256(utf8(secret)));
  return { text: `slc_${id}_${secret}`, document: { id, label, scopes, secretHash, createdAt: now } };
}

const READS = SCOPES.filter((scope) => scope.endsWith(":read"));
/** What a shop's web server needs, and nothing that spends. */
const INVOICING: readonly Scope[] = ["info:read", "invoices:read", "invoices:write", "events:read"];
export const FIRST_TOKENS: Readonly<Record<"admin" | "readonly" | "invoice", readonly Scope[]>> = {
  admin: SCOPES,
  readonly: READS,
  invoice: INVOICING,
};
/**
 * The tokens of a first start. Each is handed out before it counts, and admin's comes last: who was stopped between finds
 * the rest made at the next start, and never a token that counts and that nobody has. Nothing happens once admin's is there.
 */
export async function makeFirstTokens(
  tokens: TokenStore,
  random: Random,
  now: UnixMs,
  handOut: (token: NewToken) => Promise<void>,
): Promise<void> {
  const known = new Set(tokens.list().map(({ label }) => label));
  if (known.has("admin")) return;
  for (const [label, scopes] of Object.entries(FIRST_TOKENS).reverse()) {
    if (known.has(label)) continue;
    const made = makeToken({ label, scopes, random, now });
    await handOut(made);
    await tokens.put(made.document);
  }
}

const NOBODY = new Uint8Array(SECRET_BYTES);
const refused: ApiFault = { code: "UNAUTHORIZED", detail: "The token is missing, wrong, expired or revoked." };

/** The token behind a text, whatever is wrong with it told in the same words and the same time. */
export function identify(tokens: TokenStore, text: string | undefined, now: UnixMs): Result<TokenDocument, ApiFault> {
  const parts = TOKEN_FORM.exec(text ?? "");
  if (parts === null) return err(refused);
  const [, id = "", secret = ""] = parts;
  const known = tokens.list().find((token) => token.id === id);
  const expected = known === undefined ? NOBODY : fromHex(known.secretHash);
  const matches = constantTimeEqual(sha256(utf8(secret)), expected);
  return known !== undefined && matches && isLive(known, now) ? ok(known) : err(refused);
}
const isLive = ({ expiresAt, revokedAt }: TokenDocument, now: UnixMs): boolean =>
  revokedAt === undefined && (expiresAt === undefined || now < expiresAt);

/** Whether a token that was accepted before still stands. */
export function isStillValid(tokens: TokenStore, id: string, now: UnixMs): boolean {
  const token = tokens.list().find((candidate) => candidate.id === id);
  return token !== undefined && isLive(token, now);
}

export const bearerOf = (header: string | undefined): string | undefined => /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];

export const lacksScope = (scope: Scope): ApiFault => ({
  code: "RESTRICTED",
  detail: `The token lacks the scope ${scope}.`,
});

/** Which scope an event's family needs beside `events:read`. */
const FAMILY_SCOPE: Readonly<Record<string, Scope>> = {
  node: "info:read",
  peer: "peers:read",
  channel: "channels:read",
  forward: "channels:read",
  invoice: "invoices:read",
  keysend: "invoices:read",
  payment: "payments:read",
  onchain: "wallet:read",
  chain: "chain:read",
  stream: "streams:read",
};
/** Events of a family that no scope names are for tokens that may do everything. */
export function maySeeEvent(token: Holder, type: string): boolean {
  const scope = FAMILY_SCOPE[type.slice(0, type.indexOf("."))] ?? "node:write";
  return token.scopes.includes("events:read") && token.scopes.includes(scope);
}

/** Whether a document read from disk is a token's. */
export function isToken(value: unknown): value is TokenDocument {
  if (typeof value !== "object" || value === null) return false;
  const token = value as Readonly<Record<string, unknown>>;
  const texts = ["id", "label", "secretHash"].every((name) => typeof token[name] === "string");
  const hashed = /^[0-9a-f]{64}$/.test(String(token["secretHash"]));
  return texts && hashed && Array.isArray(token["scopes"]) && typeof token["createdAt"] === "number";
}
