import { expect } from "chai";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { featureBits } from "../../../src/wire/features.ts";
import type { AcceptChannel, OpenChannel } from "../../../src/wire/opening.ts";
import { opened, Pair } from "../../support/channel-pair.ts";

const messageOf = <T>(pair: Pair, name: string): T =>
  pair.trace.find(({ message }) => message.name === name)?.message as T;
/** What a fresh node answers to an `open_channel` that differs from a good one in `change`. */
function answerTo(change: Partial<OpenChannel>): { readonly tag: string; readonly text: string } {
  const good = messageOf<OpenChannel>(opened(), "open_channel");
  const pair = new Pair();
  pair.give("b", { tag: "PeerMessage", message: { ...good, ...change } });
  const { state, log } = pair.parties.b;
  const error = log.find((effect) => effect.tag === "SendError");
  expect(pair.parties.b.disk, "nothing is written").to.equal(undefined);
  return { tag: state.tag, text: error?.tag === "SendError" ? error.text : "" };
}
/** What the opener answers to an `accept_channel` that differs from a good one in `change`. */
function answerToAccept(change: Partial<AcceptChannel>): { readonly tag: string; readonly text: string } {
  const whole = opened();
  whole.deliver("b");
  const good = messageOf<AcceptChannel>(whole, "accept_channel");
  const pair = opened();
  pair.give("a", { tag: "PeerMessage", message: { ...good, ...change } });
  const error = pair.parties.a.log.find((effect) => effect.tag === "SendError");
  return { tag: pair.parties.a.state.tag, text: error?.tag === "SendError" ? error.text : "" };
}

describe("RELIABILITY U9, U10: bounds of open_channel, each an error before any write (CONFORMANCE 27-38)", () => {
  const type = featureBits([12, 22]);
  const cases: readonly (readonly [string, Partial<OpenChannel>, string])[] = [
    ["another chain", { chain_hash: "00".repeat(32) as never }, "chain_hash"],
    ["a capacity of 2^24 sat", { funding_satoshis: sat(1n << 24n) }, "capacity"],
    ["a capacity of 1 sat", { funding_satoshis: sat(1n) }, "capacity"],
    ["push_msat above the capacity", { push_msat: msat(1_000_000_001n) }, "push_msat"],
    ["push_msat that leaves no fee", { push_msat: msat(999_000_000n) }, "unaffordable_fee"],
    ["a feerate of 0", { feerate_per_kw: satPerKw(0) }, "feerate"],
    ["a feerate of 2^32-1", { feerate_per_kw: satPerKw(0xffff_ffff) }, "feerate"],
    ["a dust limit of 353 sat", { dust_limit_satoshis: sat(353n) }, "dust_limit"],
    ["a dust limit of 100,000 sat", { dust_limit_satoshis: sat(100_000n) }, "dust_limit"],
    [
      "a reserve below its dust limit",
      { channel_reserve_satoshis: sat(400n), dust_limit_satoshis: sat(500n) },
      "reserve_below_dust",
    ],
    ["a reserve of half the capacity", { channel_reserve_satoshis: sat(500_000n) }, "reserve_too_high"],
    ["to_self_delay 0", { to_self_delay: 0 }, "to_self_delay"],
    ["to_self_delay 65535", { to_self_delay: 65_535 }, "to_self_delay"],
    ["max_accepted_htlcs 0", { max_accepted_htlcs: 0 }, "max_accepted_htlcs"],
    ["max_accepted_htlcs 484", { max_accepted_htlcs: 484 }, "max_accepted_htlcs"],
    [
      "max_htlc_value_in_flight 0",
      { max_htlc_value_in_flight_msat: 0n, htlc_minimum_msat: msat(0n) },
      "max_htlc_value_in_flight",
    ],
    ["htlc_minimum of half the capacity", { htlc_minimum_msat: msat(500_000_000n) }, "htlc_minimum"],
    ["no channel_type", { channel_type: undefined } as never, "channel_type"],
    ["an empty channel_type", { channel_type: new Uint8Array(0) }, "channel_type"],
    ["static_remotekey alone", { channel_type: featureBits([12]) }, "channel_type"],
    ["scid_alias", { channel_type: featureBits([12, 22, 46]) }, "channel_type"],
    ["zeroconf", { channel_type: featureBits([12, 22, 50]) }, "channel_type"],
    ["a channel_type with a leading zero byte", { channel_type: Uint8Array.of(0, ...type) }, "channel_type"],
    [
      "a funding key off the curve",
      { funding_pubkey: Uint8Array.of(2, ...new Uint8Array(32).fill(255)) },
      "public_key",
    ],
    [
      "a first point off the curve",
      { first_per_commitment_point: Uint8Array.of(3, ...new Uint8Array(32).fill(255)) },
      "public_key",
    ],
    ["an upfront P2PKH script", { upfront_shutdown_script: new Uint8Array(25).fill(0x76) }, "shutdown_script"],
    [
      "both sides below the reserve",
      {
        funding_satoshis: sat(20_000n),
        push_msat: msat(2_000_000n),
        channel_reserve_satoshis: sat(2_000n),
        feerate_per_kw: satPerKw(14_000),
        htlc_minimum_msat: msat(0n),
      },
      "both_below_reserve",
    ],
  ];
  for (const [what, change, rule] of cases)
    it(`refuses ${what}`, () => {
      expect(answerTo(change)).to.deep.equal({ tag: "Aborted", text: `bad opening, rule ${rule}` });
    });
  it("CONFORMANCE 27: 2^24 sat and more take both sides' option_support_large_channel, and stay below our own limit", () => {
    const large = (capacity: bigint, features: readonly number[]): readonly string[] => {
      const pair = new Pair();
      pair.features = [...pair.features, ...features];
      opened({ capacity, push: 0n }, pair);
      pair.settle();
      return [pair.parties.a.state.tag, pair.parties.b.state.tag];
    };
    expect(large((1n << 24n) - 1n, [])).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
    expect(large(1n << 24n, [])).to.deep.equal(["Fresh", "Fresh"]);
    expect(large(1_000_000_000n, [18])).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
    expect(large(1_000_000_001n, [18])).to.deep.equal(["Fresh", "Fresh"]);
    const knowing = new Pair();
    knowing.features = [...knowing.features, 18];
    const open = messageOf<OpenChannel>(opened({ capacity: 50_000_000n, push: 0n }, knowing), "open_channel");
    const unknowing = new Pair();
    unknowing.give("b", { tag: "PeerMessage", message: open });
    expect(unknowing.parties.b.take("SendError")[0]?.text).to.equal("bad opening, rule capacity");
  });
  it("takes an empty upfront script and none", () => {
    expect(answerTo({ upfront_shutdown_script: new Uint8Array(0) }).tag).to.equal("WaitForFundingCreated");
    expect(answerTo({ upfront_shutdown_script: undefined } as never).tag).to.equal("WaitForFundingCreated");
  });
  it("CONFORMANCE 29, 30: takes a type without anchors where the operator lets it, and answers with the same", () => {
    const pair = opened({ type: { format: "static_remotekey" } });
    pair.deliver("b");
    expect(messageOf<AcceptChannel>(pair, "accept_channel").channel_type).to.deep.equal(featureBits([12]));
    pair.settle();
    for (const name of ["a", "b"] as const)
      expect(pair.parties[name].funded.params.type.format).to.equal("static_remotekey");
  });
  it("CONFORMANCE 30: proposes nothing that it would not take", () => {
    const pair = opened({ type: { format: "static_remotekey" }, policy: { formats: ["anchors"] } });
    const [refused] = pair.parties.a.take("CommandRefused");
    expect([refused?.reason, pair.parties.a.state.tag]).to.deep.equal([{ code: "channel_type_not_possible" }, "Fresh"]);
  });
  it("accepts the good one that these differ from", () => {
    expect(answerTo({}).tag).to.equal("WaitForFundingCreated");
  });
});

describe("BOLT 2 §The accept_channel Message (CONFORMANCE 29, 34)", () => {
  const cases: readonly (readonly [string, Partial<AcceptChannel>, string])[] = [
    ["another temporary_channel_id", { temporary_channel_id: "ab".repeat(32) as never }, "temporary_channel_id"],
    ["minimum_depth 2^32-1", { minimum_depth: 0xffff_ffff }, "minimum_depth"],
    ["a reserve below our dust limit", { channel_reserve_satoshis: sat(353n) }, "reserve_below_dust"],
    ["another channel_type", { channel_type: featureBits([12]) }, "channel_type"],
    ["no channel_type", { channel_type: undefined } as never, "channel_type"],
  ];
  for (const [what, change, rule] of cases)
    it(`refuses ${what}`, () => {
      expect(answerToAccept(change)).to.deep.equal({ tag: "Aborted", text: `bad opening, rule ${rule}` });
    });
});
