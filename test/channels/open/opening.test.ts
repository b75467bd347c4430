import { expect } from "chai";
import { ANCHORS } from "../../../channels/index.ts";
import { channelIdOf } from "../../../channels/tx/funding-tx.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { opened, Pair, TEMPORARY } from "../../support/channel-pair.ts";

const messageOf = <T>(pair: Pair, name: string): T =>
  pair.trace.find(({ message }) => message.name === name)?.message as T;

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
        type: ANCHORS,
        ...change,
      });
      const [refused] = pair.parties.a.take("CommandRefused");
      expect(refused?.reason.code).to.equal(code);
      expect(pair.parties.a.state.tag).to.equal("Fresh");
    }
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
