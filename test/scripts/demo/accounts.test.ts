import { expect } from "chai";
import { type Account, walletsProblems } from "../../../scripts/demo/accounts.ts";
import type { Books, WalletBook } from "../../../scripts/demo/books.ts";

const MINED = 5_000_000_000n;
const FUNDING_FEE = 150n;
const CAPACITY = 1_000_000n;
/** A film of 2,000 sat, and a thousandth of that for the router. */
const ACCOUNT: Account = { net: { viewer: -2_002_000n, router: 2_000n + 500n, site: 1_999_500n }, plantedSat: 0n };
const DIVIDED = { viewer: [997_998n, 2_002n], router: [998_000n, 1_999n] } as const;

/** Of the channel that each of two opened: who paid how much for its close. */
interface Closes {
  readonly viewer: readonly ["viewer" | "router", bigint];
  readonly router: readonly ["router" | "site", bigint];
}
function booksAfter({ viewer, router }: Closes): Books {
  const holds = { viewer: MINED - CAPACITY - FUNDING_FEE, router: MINED - CAPACITY - FUNDING_FEE, site: 0n };
  const closed = (
    opener: "viewer" | "router",
    accepter: "router" | "site",
    [payer, fee]: readonly [string, bigint],
  ) => {
    const [first, second] = DIVIDED[opener];
    const paid = new Map([
      [opener, payer === opener ? first - fee : first],
      [accepter, payer === accepter ? second - fee : second],
    ]);
    for (const [role, amount] of paid) holds[role as keyof typeof holds] += amount;
    return { opener, capacity: CAPACITY, closeFee: CAPACITY - first - second + fee, paid };
  };
  const channels = [closed("viewer", "router", viewer), closed("router", "site", router)];
  const book = (role: keyof typeof holds): WalletBook => ({
    mined: role === "site" ? 0n : MINED,
    feesPaid: role === "site" ? 0n : FUNDING_FEE,
    sent: 0n,
    received: 0n,
    holds: holds[role],
  });
  const wallets = new Map((["viewer", "router", "site"] as const).map((role) => [role, book(role)]));
  return { unspent: 2n * MINED, subsidies: 2n * MINED, strangers: 0n, wallets, channels };
}

describe("the accounts of the demo", () => {
  it("add up whichever side's close of a channel a block holds: each pays for its own", () => {
    for (const first of ["viewer", "router"] as const) {
      for (const second of ["router", "site"] as const) {
        const books = booksAfter({ viewer: [first, 700n], router: [second, 180n] });
        expect(walletsProblems(books, ACCOUNT), `${first} and ${second}`).to.deep.equal([]);
      }
    }
  });
  it("do not when a satoshi is too much or too little anywhere, whoever paid", () => {
    for (const first of ["viewer", "router"] as const) {
      for (const second of ["router", "site"] as const) {
        const books = booksAfter({ viewer: [first, 700n], router: [second, 180n] });
        for (const plantedSat of [-2n, 2n, -180n, 180n, 700n])
          expect(walletsProblems(books, { ...ACCOUNT, plantedSat }), `${first} and ${second}`).to.have.length.above(0);
      }
    }
  });
  it("say what each wallet has beside its account, as if openers had paid for all closes", () => {
    const books = booksAfter({ viewer: ["viewer", 700n], router: ["router", 180n] });
    expect(walletsProblems(books, { ...ACCOUNT, plantedSat: 20n })).to.deep.equal([
      "site holds 1999 sat: 19500 msat beside its account",
    ]);
  });
});
