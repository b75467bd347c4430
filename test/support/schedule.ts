import { expect } from "chai";
import fc from "fast-check";
import { tally } from "../../channels/commitments.ts";
import type { OfferHtlcInput } from "../../channels/index.ts";
import { satPerKw } from "../../src/base/units.ts";
import { type Name, normal, type Opening, originKey, type Pair } from "./channel-pair.ts";

/** One thing that may happen to two nodes and the wire between them. */
export type Action =
  | { readonly tag: "offer"; readonly from: Name; readonly amount: bigint }
  | { readonly tag: "deliver"; readonly to: Name }
  | { readonly tag: "sign"; readonly by: Name }
  | { readonly tag: "decide"; readonly by: Name; readonly pick: number; readonly fulfill: boolean }
  | { readonly tag: "fee"; readonly feerate: number }
  | { readonly tag: "cut" }
  | { readonly tag: "join" }
  | { readonly tag: "crash"; readonly who: Name; readonly when: "now" | "before_write" | "after_write" };

const name = fc.constantFrom<Name>("a", "b");
/** Around every bound that counts: one msat, the dust limit, plenty. */
const amount = fc.oneof(
  fc.constantFrom(1n, 353_999n, 354_000n, 354_001n),
  fc.bigInt({ min: 1n, max: 400_000n }),
  fc.bigInt({ min: 1n, max: 300_000_000n }),
);
export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ tag: fc.constant("offer" as const), from: name, amount }) },
  { weight: 20, arbitrary: fc.record({ tag: fc.constant("deliver" as const), to: name }) },
  { weight: 8, arbitrary: fc.record({ tag: fc.constant("sign" as const), by: name }) },
  {
    weight: 8,
    arbitrary: fc.record({ tag: fc.constant("decide" as const), by: name, pick: fc.nat(20), fulfill: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ tag: fc.constant("fee" as const), feerate: fc.integer({ min: 253, max: 5000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ tag: "cut" as const }) },
  { weight: 3, arbitrary: fc.constant({ tag: "join" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      tag: fc.constant("crash" as const),
      who: name,
      when: fc.constantFrom("now" as const, "before_write" as const, "after_write" as const),
    }),
  },
);

/** Offers that the channel took, by origin: what they were and who made them. */
export type Offers = Map<string, { readonly from: Name; readonly amount: bigint }>;

export function act(pair: Pair, offers: Offers, next: Action): void {
  switch (next.tag) {
    case "offer": {
      const origin: OfferHtlcInput["origin"] = { tag: "payment", paymentId: `p${pair.ticks}`, attempt: 0 };
      const { kind } = pair.offer(next.from, next.amount);
      if (kind === "advance") offers.set(originKey(origin), { from: next.from, amount: next.amount });
      return;
    }
    case "deliver":
      pair.deliver(next.to);
      return;
    case "sign":
      pair.signTurn(next.by);
      return;
    case "decide":
      return decide(pair, next.by, next.pick, next.fulfill);
    case "fee":
      pair.give("a", { tag: "UpdateFee", feerate: satPerKw(next.feerate) });
      return;
    case "cut":
      return pair.disconnect();
    case "join":
      return pair.connect();
    case "crash":
      if (next.when === "now") pair.crash(next.who);
      else pair.nextFault = { party: next.who, fault: { crash: next.when } };
  }
}

function decide(pair: Pair, by: Name, pick: number, fulfill: boolean): void {
  const { incoming } = pair.parties[by];
  const pending = [...incoming.values()];
  const htlc = pending[pick % Math.max(1, pending.length)];
  if (htlc === undefined) return;
  // As a payee does: the first decision stands, also over a crash that loses it here.
  const settled = Number(BigInt(`0x${htlc.paymentHash.slice(0, 2)}`)) % 2 === 0 || fulfill;
  // Before: a crash in the middle of it makes the channel tell of the HTLC again.
  incoming.delete(htlc.id);
  if (settled) pair.fulfill(by, htlc);
  else pair.fail(by, htlc.id);
}

/** Joins the two again, decides what is open and lets everything come to rest. */
export function comeToRest(pair: Pair): void {
  pair.nextFault = undefined;
  pair.connect();
  for (let round = 0; round < 50; round++) {
    pair.settle();
    const open = (["a", "b"] as const).filter((by) => pair.parties[by].incoming.size > 0);
    if (open.length === 0) return;
    for (const by of open) decide(pair, by, 0, true);
  }
}

/** Both sides agree to the last bit, and every msat is where the ends of the payments say. */
export function expectAgreement(pair: Pair, offers: Offers, opening: Opening = {}): void {
  const { a, b } = pair.parties;
  const [x, y] = [a.funded.commitments, b.funded.commitments];
  for (const [mine, theirs] of [[x, y] as const, [y, x] as const]) {
    const own = tally(mine, "local");
    const seen = tally(theirs, "remote");
    expect({ local: own.local, remote: own.remote, feerate: own.feerate }).to.deep.equal({
      local: seen.remote,
      remote: seen.local,
      feerate: seen.feerate,
    });
    expect(mine.htlcs, "nothing is pending").to.deep.equal([]);
    expect(mine.local.number).to.equal(theirs.remote.number);
  }
  let local = 1_000n * (opening.capacity ?? 1_000_000n) - (opening.push ?? 400_000_000n);
  for (const [key, offer] of offers) {
    const end = pair.parties[offer.from].ends.get(key);
    if (end === "settled") local += offer.from === "a" ? -offer.amount : offer.amount;
  }
  expect(x.balance.local, "a holds what the payments left it").to.equal(local);
}

export const schedule = (length: number): fc.Arbitrary<Action[]> =>
  fc.array(action, { minLength: length, maxLength: length });

export function run(
  actions: readonly Action[],
  opening: Opening = {},
): { readonly pair: Pair; readonly offers: Offers } {
  const pair = normal(opening);
  const offers: Offers = new Map();
  for (const next of actions) act(pair, offers, next);
  comeToRest(pair);
  return { pair, offers };
}
