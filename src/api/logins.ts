import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type UnixMs, unixMs } from "../base/units.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Clock, Random } from "../ports/world.ts";
import type { Holder, Scope } from "./auth.ts";
import type { ApiFault } from "./faults.ts";

/** What pages do for a person: watch streams, pay for them, see what that costs, look at the chain. Nothing else, whoever made the link. */
export const PAGE_SCOPES: readonly Scope[] = [
  "chain:read",
  "graph:read",
  "streams:read",
  "subscriptions:read",
  "subscriptions:write",
  "events:read",
];

/**
 * Browsers that may use this daemon. A **link** holds a code that is good once and for minutes; the browser that shows it
 * becomes a **login**, kept as a cookie that scripts cannot read. Both are in memory alone, so a restart ends them.
 */
export interface Logins {
  /** Makes a code. A link gives no right that its maker lacks. */
  offer(maker: Holder): Offered;
  /** The login that a code becomes. Refuses a code that was used, is too old or was never made, in the same words. */
  use(code: string): Result<NewLogin, ApiFault>;
  /** The login whose cookie stands in this header. */
  holder(cookies: string | undefined): Holder | undefined;
  isLive(id: string): boolean;
  /** Ends a login; nothing happens when it is none. The answer is the `Set-Cookie` that makes the browser forget. */
  end(id: string): string;
}
export interface Offered {
  readonly code: string;
  readonly expiresAt: UnixMs;
}
export interface NewLogin extends Holder {
  readonly expiresAt: UnixMs;
  /** The header `Set-Cookie`. */
  readonly setCookie: string;
}

const LINK_MS_MAX = 5 * 60_000;
const LOGIN_MS_MAX = 12 * 3_600_000;
/** Of each kind at a time: the oldest goes. */
const KEPT_MAX = 32;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const CODE_PREFIX = "lgn_";

interface Kept extends Holder {
  readonly expiresAt: UnixMs;
}
/** By the hash of the secret that opens it: what is looked up tells nothing of what is kept. */
type Shelf = Map<string, Kept>;

export function createLogins(clock: Clock, random: Random, self: () => NodeId): Logins {
  const links: Shelf = new Map();
  const logins: Shelf = new Map();
  const cookie = (value: string, seconds: number): string =>
    `${cookieName(self())}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  const live = (shelf: Shelf, secret: string): Kept | undefined => {
    const kept = shelf.get(hashOf(secret));
    return kept !== undefined && clock.now() < kept.expiresAt ? kept : undefined;
  };
  return {
    offer({ scopes }) {
      const code = CODE_PREFIX + secretText(random);
      const expiresAt = unixMs(clock.now() + LINK_MS_MAX);
      keep(links, code, { id: "", scopes: PAGE_SCOPES.filter((scope) => scopes.includes(scope)), expiresAt });
      return { code, expiresAt };
    },
    use(code) {
      const link = live(links, code);
      links.delete(hashOf(code));
      if (link === undefined) return err(NO_SUCH_LINK);
      const secret = secretText(random);
      const id = CODE_PREFIX + toHex(random.bytes(ID_BYTES));
      const login = { id, scopes: link.scopes, expiresAt: unixMs(clock.now() + LOGIN_MS_MAX) };
      keep(logins, secret, login);
      return ok({ ...login, setCookie: cookie(secret, LOGIN_MS_MAX / 1000) });
    },
    holder(cookies) {
      const secret = cookieOf(cookies, cookieName(self()));
      return secret === undefined ? undefined : live(logins, secret);
    },
    isLive: (id) => [...logins.values()].some((login) => login.id === id && clock.now() < login.expiresAt),
    end(id) {
      for (const [hash, login] of logins) if (login.id === id) logins.delete(hash);
      return cookie("", 0);
    },
  };
}

/** A host's ports share its cookies, so each daemon gives its own a name of its own. */
const cookieName = (self: NodeId): string => `sluice_${self.slice(2, 18)}`;
const hashOf = (secret: string): string => toHex(sha256(utf8(secret)));
const secretText = (random: Random): string => Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url");

function keep(shelf: Shelf, secret: string, kept: Kept): void {
  for (const oldest of shelf.keys()) if (shelf.size >= KEPT_MAX) shelf.delete(oldest);
  shelf.set(hashOf(secret), kept);
}
function cookieOf(cookies: string | undefined, name: string): string | undefined {
  const pairs = (cookies ?? "").split(/;\s*/).map((pair) => pair.split("="));
  return pairs.find(([key]) => key === name)?.[1];
}

const NO_SUCH_LINK: ApiFault = {
  code: "UNAUTHORIZED",
  detail: "This link was used before, is too old, or was never made.",
};
