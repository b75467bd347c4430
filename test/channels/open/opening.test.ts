import { expect } from "chai";
import { channelIdOf } from "../../../channels/tx/funding-tx.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { blockHeight, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { featureBits } from "../../../src/wire/features.ts";
import type { AcceptChannel, OpenChannel } from "../../../src/wire/opening.ts";
import { fundedOutput, HEIGHT, normal, opened, Pair, TEMPORARY } from "../../support/channel-pair.ts";

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

describe("BOLT 2 §Channel Establishment v1", () => {
  it("opens in five messages and is ready when both say so (CONFORMANCE 25, 29, 40, 43, 44)", () => {
    const pair = opened();
    pair.settle();
    expect(pair.trace.map(({ from, message }) => `${from} ${message.name}`)).to.deep.equal([
      "a open_channel",
      "b accept_channel",
      "a funding_created",
      "b funding_signed",
    ]);
    expect(pair.parties.a.broadcasts.length, "the funding transaction leaves after funding_signed").to.equal(1);
    const { params } = pair.parties.a.funded;
    expect(params.channelId).to.equal(channelIdOf(params.funding));
    expect(pair.parties.b.funded.params.channelId).to.equal(params.channelId);
    pair.confirm();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect(pair.parties.a.take("Ready")).to.have.length(1);
  });
  it("writes the channel before funding_signed and before the broadcast (CONFORMANCE 40)", () => {
    const pair = opened();
    pair.deliver("b");
    pair.deliver("a");
    expect([pair.parties.a.disk, pair.parties.b.disk]).to.deep.equal([undefined, undefined]);
    expect(pair.parties.a.broadcasts).to.deep.equal([]);
    pair.deliver("b");
    expect(pair.parties.b.disk).to.not.equal(undefined);
    expect(pair.parties.a.disk).to.equal(undefined);
    pair.deliver("a");
    expect(pair.parties.a.disk).to.not.equal(undefined);
  });
  it("does not broadcast on a wrong or high-S funding_signed (CONFORMANCE 40, 41)", () => {
    const pair = opened();
    for (const to of ["b", "a", "b"] as const) pair.deliver(to);
    const signed = messageOf<{ name: "funding_signed"; channel_id: never; signature: Uint8Array }>(
      pair,
      "funding_signed",
    );
    const bad = signed.signature.slice();
    bad[40] = (bad[40] as number) ^ 1;
    pair.give("a", { tag: "PeerMessage", message: { ...signed, signature: bad } });
    expect(pair.parties.a.broadcasts).to.deep.equal([]);
    expect(pair.parties.a.state.tag).to.equal("Aborted");
  });
  it("refuses a commitment signature that is wrong in funding_created", () => {
    const pair = opened();
    pair.deliver("b");
    pair.deliver("a");
    const created = messageOf<{ name: "funding_created"; signature: Uint8Array }>(pair, "funding_created");
    pair.give("b", { tag: "PeerMessage", message: { ...created, signature: new Uint8Array(64).fill(1) } as never });
    expect(pair.parties.b.state.tag).to.equal("Aborted");
    expect(pair.parties.b.disk).to.equal(undefined);
  });
  it("forgets an opening that a disconnection interrupts, and takes a new one (CONFORMANCE 39)", () => {
    const pair = opened();
    pair.deliver("b");
    pair.disconnect();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Aborted", "Aborted"]);
    expect(pair.parties.b.tags()).to.include("Forget");
  });
  it("aborts when the wallet cannot pay, and says so", () => {
    const pair = opened();
    pair.give("a", { tag: "AbortOpening", reason: "no funds" });
    expect(pair.parties.a.take("SendError")).to.deep.equal([
      { tag: "SendError", channelId: TEMPORARY, text: "no funds" },
    ]);
  });
  it("refuses to open what it could not pay for", () => {
    for (const [change, code] of [
      [{ capacity: sat(1_000n) }, "capacity_out_of_range"],
      [{ push: msat(1_000_000_001n) }, "push_out_of_range"],
      [{ push: msat(999_900_000n) }, "cannot_afford_feerate"],
      [{ feerate: satPerKw(252) }, "feerate_out_of_range"],
    ] as const) {
      const pair = new Pair();
      pair.give("a", {
        tag: "Open",
        temporaryChannelId: TEMPORARY,
        capacity: sat(1_000_000n),
        push: msat(0n),
        feerate: satPerKw(1000),
        announce: false,
        ...change,
      });
      const [refused] = pair.parties.a.take("CommandRefused");
      expect(refused?.reason.code).to.equal(code);
      expect(pair.parties.a.state.tag).to.equal("Fresh");
    }
  });
});

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
  it("takes an empty upfront script and none", () => {
    expect(answerTo({ upfront_shutdown_script: new Uint8Array(0) }).tag).to.equal("WaitForFundingCreated");
    expect(answerTo({ upfront_shutdown_script: undefined } as never).tag).to.equal("WaitForFundingCreated");
  });
  it("accepts the good one that these differ from", () => {
    expect(answerTo({}).tag).to.equal("WaitForFundingCreated");
  });
});

describe("BOLT 2 §The accept_channel Message (CONFORMANCE 29, 34)", () => {
  const cases: readonly (readonly [string, Partial<AcceptChannel>, string])[] = [
    ["another temporary_channel_id", { temporary_channel_id: "ab".repeat(32) as never }, "temporary_channel_id"],
    ["minimum_depth 0", { minimum_depth: 0 }, "minimum_depth"],
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

describe("RELIABILITY U4: outpoints that can never be funded", () => {
  function created(change: object): string {
    const pair = opened();
    pair.deliver("b");
    pair.deliver("a");
    const good = messageOf<{ name: "funding_created" }>(pair, "funding_created");
    pair.give("b", { tag: "PeerMessage", message: { ...good, ...change } as never });
    return pair.parties.b.state.tag;
  }
  it("answers a txid of zeros with an error, not with a throw", () => {
    expect(created({ funding_txid: "00".repeat(32) as Txid })).to.equal("Aborted");
  });
  it("answers an output index that the signature does not cover with an error", () => {
    expect(created({ funding_output_index: 65_535 })).to.equal("Aborted");
  });
});

describe("RELIABILITY U1: no channel_ready before the funding output is checked (CONFORMANCE 43)", () => {
  function confirmedWith(change: (output: { amount: bigint; script: Uint8Array }) => unknown): string {
    const pair = opened();
    pair.settle();
    const good = fundedOutput(pair);
    pair.parties.b.height = blockHeight(HEIGHT + 20);
    const output = change(good) as never;
    pair.give("b", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
    expect(pair.trace.some(({ from, message }) => from === "b" && message.name === "channel_ready")).to.equal(false);
    return pair.parties.b.state.tag;
  }
  it("fails a channel funded with 1 sat", () => {
    expect(confirmedWith((output) => ({ ...output, amount: 1n }))).to.equal("Failed");
  });
  it("fails a channel funded with one sat too many", () => {
    expect(confirmedWith((output) => ({ ...output, amount: output.amount + 1n }))).to.equal("Failed");
  });
  it("fails a channel funded to another script", () => {
    expect(confirmedWith((output) => ({ ...output, script: output.script.slice().reverse() }))).to.equal("Failed");
  });
  it("fails a channel whose transaction has no output at the index", () => {
    expect(confirmedWith(() => undefined)).to.equal("Failed");
  });
  it("waits for the depth that it asked for, then says channel_ready once", () => {
    const pair = opened();
    pair.settle();
    const output = fundedOutput(pair);
    pair.parties.b.height = blockHeight(HEIGHT + 1);
    pair.give("b", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
    expect(pair.parties.b.state.tag).to.equal("WaitForFundingConfirmed");
    pair.block(HEIGHT + 2);
    expect(pair.parties.b.state.tag).to.equal("WaitForFundingConfirmed");
    pair.block(HEIGHT + 3);
    pair.block(HEIGHT + 4);
    expect(pair.parties.b.state.tag).to.equal("WaitForChannelReady");
    expect(pair.trace.filter(({ message }) => message.name === "channel_ready")).to.have.length(1);
  });
  it("forgets, as accepter, what is not funded after 2016 blocks (CONFORMANCE 42)", () => {
    const pair = opened();
    pair.settle();
    pair.block(HEIGHT + 2015);
    expect(pair.parties.b.state.tag).to.equal("WaitForFundingConfirmed");
    pair.block(HEIGHT + 2016);
    expect(pair.parties.b.state.tag).to.equal("Closed");
    expect(pair.parties.b.tags()).to.include("Forget");
    expect(pair.parties.a.state.tag, "the opener never forgets its money").to.not.equal("Closed");
  });
});

describe("RELIABILITY C30: channel_ready and announcement_signatures early, late and often (CONFORMANCE 45)", () => {
  it("takes an early channel_ready and becomes Normal when its own turn comes", () => {
    const pair = opened();
    pair.settle();
    const output = fundedOutput(pair);
    const confirmed = { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output } as const;
    pair.parties.a.height = blockHeight(HEIGHT + 6);
    pair.give("a", confirmed);
    pair.settle();
    expect(pair.parties.b.state.tag).to.equal("WaitForFundingConfirmed");
    pair.parties.b.height = blockHeight(HEIGHT + 6);
    pair.give("b", confirmed);
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("ignores a hundred more, and one with another point", () => {
    const pair = normal();
    const before = pair.parties.a.funded.commitments;
    const ready = {
      name: "channel_ready",
      channel_id: pair.parties.a.funded.params.channelId,
      second_per_commitment_point: pair.parties.b.keys.commitmentPoint(7n),
    } as const;
    for (let i = 0; i < 100; i++) pair.give("a", { tag: "PeerMessage", message: ready });
    expect(pair.parties.a.funded.commitments).to.deep.equal(before);
  });
  it("takes a new alias at any time", () => {
    const pair = normal();
    const ready = {
      name: "channel_ready",
      channel_id: pair.parties.a.funded.params.channelId,
      second_per_commitment_point: pair.parties.b.keys.commitmentPoint(1n),
      short_channel_id: 77n as never,
    } as const;
    pair.give("a", { tag: "PeerMessage", message: ready });
    expect(pair.parties.a.funded.remoteAlias).to.equal(77n);
  });
  it("refuses a second point that is not on the curve", () => {
    const pair = opened();
    pair.settle();
    const message = {
      name: "channel_ready",
      channel_id: pair.parties.a.funded.params.channelId,
      second_per_commitment_point: Uint8Array.of(2, ...new Uint8Array(32).fill(255)),
    } as const;
    pair.give("a", { tag: "PeerMessage", message });
    expect(pair.parties.a.state.tag).to.equal("Failed");
  });
});

describe("RELIABILITY U18: a reorganisation of the funding transaction", () => {
  it("before it was deep: waits again, and takes the new place", () => {
    const pair = opened();
    pair.settle();
    const output = fundedOutput(pair);
    pair.parties.b.height = blockHeight(HEIGHT + 1);
    pair.give("b", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
    pair.give("b", { tag: "FundingReorged" });
    pair.parties.b.height = blockHeight(HEIGHT + 9);
    pair.give("b", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 2), txIndex: 5, output });
    expect(pair.parties.b.state.tag).to.equal("WaitForChannelReady");
    expect(pair.parties.b.funded.funding.confirmed?.shortChannelId).to.equal(
      (BigInt(HEIGHT + 2) << 40n) | (5n << 16n) | 1n,
    );
  });
  it("after: offers nothing and tells of nothing received until it is deep again, then of all at once", () => {
    const pair = normal();
    const output = fundedOutput(pair);
    for (const name of ["a", "b"] as const) pair.give(name, { tag: "FundingReorged" });
    expect(pair.parties.a.tags()).to.include.members(["NotReady", "Broadcast"]);
    pair.offer("a", 1_000n);
    expect(pair.parties.a.take("Refused")[0]?.reason).to.deep.equal({ code: "funding_not_confirmed" });
    const confirmed = { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 4), txIndex: 2, output } as const;
    pair.give("a", confirmed);
    expect(pair.parties.a.tags().filter((tag) => tag === "Ready")).to.have.length(1);
    pair.offer("a", 1_000n);
    pair.settle();
    expect(pair.parties.b.incoming.size, "b's chain has not confirmed it again").to.equal(0);
    pair.parties.b.height = blockHeight(HEIGHT + 4);
    pair.give("b", confirmed);
    expect(pair.parties.b.incoming.size).to.equal(0);
    pair.block(HEIGHT + 6);
    expect(pair.parties.b.incoming.size).to.equal(1);
  });
});
