import { expect } from "chai";
import type { ChannelMessage } from "../../channels/index.ts";
import { SAT_MAX, satPerKw } from "../../src/base/units.ts";
import type { AcceptChannel2 } from "../../src/wire/opening.ts";
import type { Pair } from "../support/channel-pair.ts";
import { fundedDual, openedDual } from "../support/dual-pair.ts";
import { into, out, spliceable, spliceBoth, want } from "../support/splicing.ts";

/** What fits into a field of 64 bits with a sign: less than nothing, all the coins that there are, and far more. */
const EXTREMES = [
  -(2n ** 63n),
  -SAT_MAX - 1n,
  -SAT_MAX,
  SAT_MAX - 1_000_000n + 1n,
  SAT_MAX,
  SAT_MAX + 1n,
  100n * SAT_MAX,
  2n ** 63n - 1n,
];
const tell = (pair: Pair, message: ChannelMessage) => pair.give("a", { tag: "PeerMessage", message });
/** How a refused it: an error, a warning or tx_abort, or nothing when it went on. */
const refusal = (pair: Pair): string | undefined => {
  const [said] = [...pair.parties.a.take("SendError"), ...pair.parties.a.take("SendWarning")];
  const last = pair.trace.at(-1);
  const aborted = last?.from === "a" && last.message.name === "tx_abort" ? last.message : undefined;
  return said?.text ?? (aborted && new TextDecoder().decode(aborted.data));
};

describe("CONFORMANCE 5: what a peer says that it adds to a channel, or takes out of it", () => {
  for (const amount of EXTREMES) {
    it(`${amount} sat in splice_init is refused`, () => {
      const pair = spliceable();
      pair.give("b", { tag: "Quiesce" });
      pair.settle();
      const { channelId, remote } = pair.parties.a.funded.params;
      tell(pair, {
        name: "splice_init",
        channel_id: channelId,
        funding_contribution_satoshis: amount,
        funding_feerate_perkw: satPerKw(1_000),
        locktime: 0,
        funding_pubkey: remote.basepoints.fundingPubkey,
      });
      expect(refusal(pair)).to.equal(amount < 0n ? "splice exceeds balance" : "the channel cannot be of that size");
    });
    it(`${amount} sat in splice_ack is refused`, () => {
      const pair = spliceable();
      want(pair, "a", into(50_000n));
      while (pair.trace.at(-1)?.message.name !== "splice_init") if (!pair.deliver("b")) pair.deliver("a");
      const { channelId, remote } = pair.parties.a.funded.params;
      tell(pair, {
        name: "splice_ack",
        channel_id: channelId,
        funding_contribution_satoshis: amount,
        funding_pubkey: remote.basepoints.fundingPubkey,
      });
      expect(refusal(pair)).to.equal(amount < 0n ? "splice exceeds balance" : "the channel cannot be of that size");
    });
    it(`${amount} sat in tx_init_rbf of a splice is refused`, () => {
      const pair = spliceable();
      spliceBoth(pair, "a", out(50_000n));
      pair.give("b", { tag: "Quiesce" });
      pair.settle();
      const { channelId } = pair.parties.a.funded.params;
      const rbf = { name: "tx_init_rbf", channel_id: channelId, locktime: 0, feerate: satPerKw(2_000) } as const;
      tell(pair, { ...rbf, funding_output_contribution: amount });
      expect(refusal(pair)).to.equal(amount < 0n ? "splice exceeds balance" : "the channel cannot be of that size");
    });
    it(`${amount} sat in tx_init_rbf and tx_ack_rbf of an opening is refused`, () => {
      for (const name of ["tx_init_rbf", "tx_ack_rbf"] as const) {
        const pair = fundedDual({ joins: 400_000n });
        const { channelId } = pair.parties.a.funded.params;
        const common = { channel_id: channelId, funding_output_contribution: amount };
        if (name === "tx_ack_rbf") pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
        tell(
          pair,
          name === "tx_ack_rbf" ? { name, ...common } : { name, locktime: 0, feerate: satPerKw(600), ...common },
        );
        expect(refusal(pair), name).to.be.a("string");
        expect(pair.parties.a.state.tag, "what was signed before stands").to.equal("WaitForFundingConfirmed");
      }
    });
  }
  it("all the coins that there are in accept_channel2 are refused beside ours", () => {
    const whole = openedDual();
    whole.deliver("b");
    const accept = whole.trace.at(-1)?.message as AcceptChannel2;
    for (const funding_satoshis of [SAT_MAX, SAT_MAX - 1n]) {
      const pair = openedDual();
      tell(pair, { ...accept, funding_satoshis: funding_satoshis as AcceptChannel2["funding_satoshis"] });
      expect([refusal(pair), pair.parties.a.state.tag]).to.deep.equal(["bad opening, rule capacity", "Aborted"]);
    }
  });
});
