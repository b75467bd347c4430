import { expect } from "chai";
import { checkForward, type ForwardPolicy } from "../../routing/forward.ts";
import { NO_UPDATE } from "../../routing/onion/failure-messages.ts";
import { blockHeight, cltvExpiry, msat } from "../../src/base/units.ts";

const HEIGHT = blockHeight(1000);
const POLICY: ForwardPolicy = {
  feeBaseMsat: 100,
  feeProportionalMillionths: 1000,
  cltvExpiryDelta: 34,
  htlcMinimum: msat(1_000n),
  htlcMaximum: msat(10_000_000n),
  enabled: true,
};
/** 1,000,000 msat out; the fee is 100 + 1,000. */
const terms = (amount: bigint, expiry: number) => ({ amount: msat(amount), expiry: cltvExpiry(expiry) });
const check = (
  incoming: readonly [bigint, number],
  outgoing: readonly [bigint, number],
  policy: ForwardPolicy | undefined = POLICY,
) => checkForward(policy, terms(...incoming), terms(...outgoing), HEIGHT);
const channel_update = NO_UPDATE;

describe("BOLT 4 §Accepting and Forwarding a Payment", () => {
  it("forwards what pays the advertised fee and keeps the advertised delta, exactly or more", () => {
    expect(check([1_001_100n, 1134], [1_000_000n, 1100])).to.deep.equal({ ok: true, value: undefined });
    expect(check([2_000_000n, 1500], [1_000_000n, 1100])).to.deep.equal({ ok: true, value: undefined });
  });
  it("answers unknown_next_peer when the channel is none of ours", () => {
    expect(checkForward(undefined, terms(1_001_100n, 1134), terms(1_000_000n, 1100), HEIGHT)).to.deep.equal({
      ok: false,
      error: { name: "unknown_next_peer" },
    });
  });
  it("answers temporary_channel_failure above htlc_maximum_msat, and forwards the maximum itself", () => {
    expect(check([20_000_000n, 1134], [10_000_001n, 1100])).to.deep.equal({
      ok: false,
      error: { name: "temporary_channel_failure", channel_update },
    });
    expect(check([20_000_000n, 1134], [10_000_000n, 1100]).ok).to.equal(true);
  });
  it("answers amount_below_minimum with the outgoing amount", () => {
    expect(check([5_000n, 1134], [999n, 1100])).to.deep.equal({
      ok: false,
      error: { name: "amount_below_minimum", htlc_msat: 999n, channel_update },
    });
    expect(check([5_000n, 1134], [1_000n, 1100]).ok).to.equal(true);
  });
  it("answers fee_insufficient with the incoming amount when one msat is missing", () => {
    expect(check([1_001_099n, 1134], [1_000_000n, 1100])).to.deep.equal({
      ok: false,
      error: { name: "fee_insufficient", htlc_msat: 1_001_099n, channel_update },
    });
  });
  it("answers fee_insufficient when more is asked for than came in", () => {
    const answer = check([1_000n, 1134], [1_000_000n, 1100]);
    expect(!answer.ok && answer.error.name).to.equal("fee_insufficient");
  });
  it("answers incorrect_cltv_expiry with the outgoing expiry when one block is missing", () => {
    expect(check([1_001_100n, 1133], [1_000_000n, 1100])).to.deep.equal({
      ok: false,
      error: { name: "incorrect_cltv_expiry", cltv_expiry: 1100, channel_update },
    });
  });
  it("answers expiry_too_soon when the outgoing HTLC would end within 9 blocks", () => {
    expect(check([1_001_100n, 1043], [1_000_000n, 1009])).to.deep.equal({
      ok: false,
      error: { name: "expiry_too_soon", channel_update },
    });
    expect(check([1_001_100n, 1044], [1_000_000n, 1010]).ok).to.equal(true);
  });
  it("RELIABILITY C22, C35: answers expiry_too_far beyond 2,016 blocks, also near the limit of times and of 32 bits with a sign", () => {
    for (const expiry of [3017, 6001, 499_999_999, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1])
      expect(check([1_001_100n, expiry], [1_000_000n, 1100]), `${expiry}`).to.deep.equal({
        ok: false,
        error: { name: "expiry_too_far" },
      });
    expect(check([1_001_100n, 3016], [1_000_000n, 1100]).ok).to.equal(true);
  });
  it("answers channel_disabled while the channel cannot be used", () => {
    expect(check([1_001_100n, 1134], [1_000_000n, 1100], { ...POLICY, enabled: false })).to.deep.equal({
      ok: false,
      error: { name: "channel_disabled", disabled_flags: 0, channel_update },
    });
  });
  it("gives the first failure of the BOLT's list when there are several", () => {
    const all = checkForward({ ...POLICY, enabled: false }, terms(1n, 1), terms(999n, 1), HEIGHT);
    expect(!all.ok && all.error.name).to.equal("amount_below_minimum");
  });
});
