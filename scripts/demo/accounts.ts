import type { Books, ChannelBook } from "./books.ts";

export type Role = "viewer" | "router" | "site";
const ROLES: readonly Role[] = ["viewer", "router", "site"];

/** What the three have to hold, by the ticks that were paid. */
export interface Account {
  /** In msat: what each has gained by the stream. */
  readonly net: Readonly<Record<Role, bigint>>;
  /** For tests of the checker: added to what the site holds, in sat. */
  readonly plantedSat: bigint;
}

/** What is wrong with the three wallets. */
export function walletsProblems(books: Books, account: Account): readonly string[] {
  const ways = feesDivided(books.channels).map((payers) =>
    ROLES.flatMap((role) => walletProblems(role, books, payers, account)),
  );
  const [byOpeners = []] = ways;
  return ways.some((problems) => problems.length === 0) ? [] : byOpeners;
}

/** Of each channel who paid for its close. */
type Payers = ReadonlyMap<ChannelBook, string>;
/**
 * Each side of a channel proposes a close that it pays for itself, and the better one takes the place of the other unless
 * a block was quicker: the chain shows how much was paid, and not by whom. As a fee that is charged to the wrong side is
 * missing on the other, at most one of these ways fits the account. BOLT 2 §Closing Negotiation: closing_complete and closing_sig.
 */
function feesDivided(channels: readonly ChannelBook[]): readonly Payers[] {
  let ways: readonly Payers[] = [new Map()];
  for (const channel of channels) {
    const sides = new Set([channel.opener, ...channel.paid.keys()]);
    ways = [...sides].flatMap((payer) => ways.map((way) => new Map([...way, [channel, payer]])));
  }
  return ways;
}

/** In sat: what a wallet holds is what it mined and received, less what it sent and paid in fees, and its part of the stream. */
function walletProblems(role: Role, books: Books, payers: Payers, { net, plantedSat }: Account): readonly string[] {
  const book = books.wallets.get(role);
  if (book === undefined) return [`no wallet ${role}`];
  const planted = role === "site" ? plantedSat : 0n;
  const outputs = books.channels.filter(({ paid }) => paid.has(role)).length;
  const closes = books.channels.filter((channel) => payers.get(channel) === role);
  const closeFees = closes.reduce((sum, { closeFee }) => sum + closeFee, 0n);
  const expected = book.mined + book.received - book.sent - book.feesPaid - closeFees;
  const off = (book.holds + planted - expected) * 1000n - net[role];
  // Each output of a close is rounded down to a whole sat, and what is lost by it goes to the miner as fee.
  const rounding = BigInt(Math.max(outputs, 1)) * 1000n;
  const within = off <= (closes.length > 0 ? rounding : 0n) && off >= -rounding;
  return within ? [] : [`${role} holds ${book.holds} sat: ${off} msat beside its account`];
}
