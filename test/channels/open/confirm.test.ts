import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { fundingScript } from "../../../channels/tx/funding-tx.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, sat, satPerKw } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { SCRIPT } from "../../support/channel-fixtures.ts";
import { fundedOutput, HEIGHT, normal, opened, type Pair } from "../../support/channel-pair.ts";

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

  it("forgets, as opener, what its coins cannot fund any more, and nothing that is funded or was funded by the peer", () => {
    const pair = opened();
    pair.settle();
    pair.give("b", { tag: "FundingConflictBuried" });
    expect(pair.parties.b.state.tag, "the accepter waits").to.equal("WaitForFundingConfirmed");
    pair.give("a", { tag: "FundingConflictBuried" });
    expect(pair.parties.a.state.tag).to.equal("Closed");
    expect(pair.parties.a.tags()).to.include.members(["SendError", "Forget"]);
    const funded = normal();
    const { state } = funded.parties.a;
    funded.give("a", { tag: "FundingConflictBuried" });
    expect(funded.parties.a.state).to.equal(state);
  });

  it("tells whoever waits for an HTLC in such a channel that it failed, once", () => {
    const ends = (isFailed: boolean): readonly unknown[] => {
      const pair = normal();
      const { a } = pair.parties;
      pair.offer("a", 50_000_000n, 1);
      pair.offer("a", 60_000_000n, 2);
      pair.settle();
      pair.fulfill("b", present(pair.parties.b.incoming.get(1n), "the second HTLC"));
      pair.deliver("a");
      pair.disconnect();
      pair.give("a", { tag: "FundingReorged" });
      if (isFailed) pair.give("a", { tag: "ForceClose" });
      pair.give("a", { tag: "FundingConflictBuried" });
      expect(a.state.tag).to.equal("Closed");
      return a.log.flatMap((effect) =>
        effect.tag === "HtlcSettled" || effect.tag === "HtlcFailed" ? [`${effect.tag} ${effect.id}`] : [],
      );
    };
    expect([ends(false), ends(true)]).to.deep.equal([
      ["HtlcSettled 1", "HtlcFailed 0"],
      ["HtlcSettled 1", "HtlcFailed 0"],
    ]);
  });

  /** What the opener says or does to a channel that it never funds. */
  const leavings: readonly [string, string, (pair: Pair) => void][] = [
    ["that its opener failed", "Failed", (pair) => pair.give("b", { tag: "PeerMessage", message: errorTo(pair) })],
    [
      "that is shutting down",
      "ShuttingDown",
      (pair) => pair.give("b", { tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(500) }),
    ],
    [
      "whose close is agreed on",
      "Closing",
      (pair) => {
        for (const name of ["a", "b"] as const)
          pair.give(name, { tag: "Shutdown", script: SCRIPT[name], feerate: satPerKw(500) });
        pair.settle();
      },
    ],
  ];
  for (const [what, tag, leave] of leavings)
    it(`forgets, as accepter, also a channel ${what} (CONFORMANCE 42)`, () => {
      const pair = opened();
      pair.settle();
      leave(pair);
      expect(pair.parties.b.state.tag).to.equal(tag);
      pair.block(HEIGHT + 2015);
      expect(pair.parties.b.state.tag).to.equal(tag);
      pair.block(HEIGHT + 2016);
      expect(pair.parties.b.state.tag).to.equal("Closed");
      expect(pair.parties.b.tags()).to.include("Forget");
    });

  for (const [what, tag, leave] of [["that waits", "WaitForFundingConfirmed", () => {}], ...leavings] as const)
    it(`RELIABILITY C29: forgets a channel ${what} once somebody else's commitment spends the output that its opener has named`, () => {
      const pair = opened();
      pair.settle();
      const { b } = pair.parties;
      leave(pair);
      expect(b.state.tag).to.equal(tag);
      b.log = [];
      const { funding: prevout } = b.funded.params;
      const witness = [new Uint8Array(0), new Uint8Array(72), new Uint8Array(72), multisig("a", "c")];
      const input = { prevout, scriptSig: new Uint8Array(0), sequence: 0x80123456, witness };
      const outputs = [{ amount: sat(20_000n), script: SCRIPT.a }];
      const tx: Tx = { version: 2, inputs: [input], outputs, locktime: 0x20654321 };
      pair.give("b", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 5) });
      expect(b.state.tag).to.equal("Closed");
      expect(b.tags()).to.deep.equal(["SendError", "Forget"]);
    });

  it("forgets nothing that was once ready, though a reorganisation took its funding away", () => {
    const pair = normal();
    pair.give("b", { tag: "FundingReorged" });
    pair.block(HEIGHT + 3_000);
    expect(pair.parties.b.state.tag).to.equal("Normal");
  });
});
/** Behind an output of two others. */
const multisig = (one: string, other: string): Uint8Array =>
  fundingScript(secp256k1.publicKey(sha256(utf8(one))), secp256k1.publicKey(sha256(utf8(other))));
const errorTo = (pair: Pair): ChannelMessage => ({
  name: "error",
  channel_id: pair.parties.b.funded.params.channelId,
  data: utf8("never mind"),
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
