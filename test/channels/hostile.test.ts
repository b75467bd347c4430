import { expect } from "chai";
import fc from "fast-check";
import { tally } from "../../channels/commitments.ts";
import type { ChannelMessage, FundedState } from "../../channels/index.ts";
import { step } from "../../channels/index.ts";
import { CHANNEL_MESSAGES } from "../../channels/messages.ts";
import { msat, sat } from "../../src/base/units.ts";
import { declarationOf } from "../../src/wire/registry.ts";
import { arbitraryMessage } from "../support/arbitraries.ts";
import { HEIGHT, hashOf, type Name, normal, ONION, opened, type Pair, preimageOf } from "../support/channel-pair.ts";
import { openedDual } from "../support/dual-pair.ts";
import { type Action, act, action, type Offers, schedule } from "../support/schedule.ts";
import { spliceable } from "../support/splicing.ts";

const anyMessage: fc.Arbitrary<ChannelMessage> = fc.oneof(
  ...CHANNEL_MESSAGES.map((name) => arbitraryMessage(declarationOf(name)) as unknown as fc.Arbitrary<ChannelMessage>),
);
/** Messages that get further than random ones: small ids, amounts at the bounds, hashes and secrets that exist. */
const crafted: fc.Arbitrary<(pair: Pair) => ChannelMessage> = fc.oneof(
  fc
    .record({ id: fc.bigInt({ min: 0n, max: 4n }), amount: fc.bigInt({ min: 0n, max: 700_000_000n }), tick: fc.nat(5) })
    .map(({ id, amount, tick }) => (pair: Pair) => ({
      name: "update_add_htlc" as const,
      channel_id: pair.parties.a.funded.params.channelId,
      id,
      amount_msat: msat(amount),
      payment_hash: hashOf(tick),
      cltv_expiry: (HEIGHT + 300) as never,
      onion_routing_packet: ONION,
    })),
  fc.record({ id: fc.bigInt({ min: 0n, max: 4n }), tick: fc.nat(5) }).map(({ id, tick }) => (pair: Pair) => ({
    name: "update_fulfill_htlc" as const,
    channel_id: pair.parties.a.funded.params.channelId,
    id,
    payment_preimage: preimageOf(tick),
  })),
  fc.bigInt({ min: 0n, max: 9n }).map((number) => (pair: Pair) => ({
    name: "revoke_and_ack" as const,
    channel_id: pair.parties.a.funded.params.channelId,
    per_commitment_secret: pair.parties.b.keys.commitmentSecret(number),
    next_per_commitment_point: pair.parties.b.keys.commitmentPoint(number + 2n),
  })),
  fc
    .record({ n: fc.bigInt({ min: 0n, max: 6n }), r: fc.bigInt({ min: 0n, max: 6n }) })
    .map(({ n, r }) => (pair: Pair) => ({
      name: "channel_reestablish" as const,
      channel_id: pair.parties.a.funded.params.channelId,
      next_commitment_number: n,
      next_revocation_number: r,
      your_last_per_commitment_secret: r === 0n ? new Uint8Array(32) : pair.parties.a.keys.commitmentSecret(r - 1n),
      my_current_per_commitment_point: pair.parties.b.keys.commitmentPoint(0n),
    })),
);

type Move =
  | { readonly tag: "honest"; readonly action: Action }
  | { readonly tag: "random"; readonly message: ChannelMessage }
  | { readonly tag: "crafted"; readonly make: (pair: Pair) => ChannelMessage };
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: action.map((next) => ({ tag: "honest" as const, action: next })) },
  { weight: 1, arbitrary: anyMessage.map((message) => ({ tag: "random" as const, message })) },
  { weight: 3, arbitrary: crafted.map((make) => ({ tag: "crafted" as const, make })) },
);

/** What a can never lose: what it had, less what it was given a preimage for, plus what it gave one for. */
function floor(pair: Pair, offers: Offers): bigint {
  let left = 600_000_000n;
  for (const [key, { from, amount }] of offers)
    if (from === "a" && pair.parties.a.ends.get(key) !== "failed") left -= amount;
  return left;
}

describe("A hostile peer: any well-formed message at any time", () => {
  it("never makes a step throw, and never takes what is irrevocably ours", function () {
    this.timeout(120_000);
    const tags: Record<string, number> = {};
    fc.assert(
      fc.property(fc.array(move, { minLength: 120, maxLength: 120 }), (moves) => {
        const pair = spliceable();
        const offers: Offers = new Map();
        for (const next of moves) {
          if (next.tag === "honest") act(pair, offers, next.action);
          else {
            const message = next.tag === "crafted" ? next.make(pair) : next.message;
            pair.give("a", { tag: "PeerMessage", message });
          }
          const { commitments } = pair.parties.a.funded;
          expect(commitments.balance.local + commitments.balance.remote).to.equal(1_000_000_000n);
          const { local } = tally(commitments, "local");
          expect(local >= floor(pair, offers), "a holds its own").to.equal(true);
        }
        tags[pair.parties.a.state.tag] = (tags[pair.parties.a.state.tag] ?? 0) + 1;
      }),
      { seed: 6, numRuns: 60 },
    );
    expect(Object.keys(tags), "some runs stay open, some end").to.include.members(["Normal", "Failed"]);
  });
  for (const greedy of ["a", "b"] as const)
    it(`holds a greedy ${greedy === "a" ? "opener" : "accepter"}, whose signatures are good, to its reserve and limits`, function () {
      this.timeout(120_000);
      const honest: Name = greedy === "a" ? "b" : "a";
      fc.assert(
        fc.property(schedule(120), (actions) => {
          const pair = normal({ policy: { inFlightSharePpm: 300_000n, maxAcceptedHtlcs: 6 } });
          const state = pair.parties[greedy].funded;
          const remote = { ...state.params.remote, channelReserve: sat(0n), maxHtlcValueInFlight: 1n << 60n };
          const params = { ...state.params, remote: { ...remote, maxAcceptedHtlcs: 483 } };
          pair.parties[greedy].state = { ...state, params } as FundedState;
          pair.parties[greedy].policy = {
            ...pair.parties[greedy].policy,
            reserveMin: sat(0n),
            feeSpikeMultiple: 0,
            maxDustExposure: msat(1n << 50n),
          };
          const offers: Offers = new Map();
          for (const next of actions) {
            act(pair, offers, next);
            const { commitments } = pair.parties[honest].funded;
            const { remote: theirs, htlcs } = tally(commitments, "local_next");
            const received = htlcs.filter(({ side }) => side === "received");
            expect(theirs >= 10_000_000n, "it keeps its reserve").to.equal(true);
            expect(received.length).to.be.at.most(6);
            expect(received.reduce((sum, { amount }) => sum + amount, 0n) <= 300_000_000n).to.equal(true);
          }
        }),
        { seed: 9, numRuns: 40 },
      );
    });
  it("has an answer for every message in every state of an opening", () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { minLength: 1, maxLength: 5 }),
        fc.nat(16),
        fc.boolean(),
        (messages, progress, both) => {
          for (const name of ["a", "b"] as const) {
            const pair = both ? openedDual({ joins: 500_000n }) : opened();
            for (let i = 0; i < progress; i++) if (!pair.deliver("b")) pair.deliver("a");
            for (const message of messages) pair.give(name, { tag: "PeerMessage", message });
          }
        },
      ),
      { seed: 7, numRuns: 150 },
    );
  });
  it("answers the same for the same arguments", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n);
    fc.assert(
      fc.property(anyMessage, fc.constantFrom<Name>("a", "b"), (message, name) => {
        const { state } = pair.parties[name];
        const input = { tag: "PeerMessage", message } as const;
        expect(step(pair.env(name), state, input)).to.deep.equal(step(pair.env(name), state, input));
      }),
      { seed: 8, numRuns: 100 },
    );
  });
});
