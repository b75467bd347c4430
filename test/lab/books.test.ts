import { expect } from "chai";
import {
  type ChannelKeys,
  channelKeys,
  channelSecrets,
  type FundedState,
  type HtlcStep,
} from "../../channels/index.ts";
import { present } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import { auditChannel, auditPair, isQuiet } from "../../src/lab/books.ts";
import { auditPublishable, ownTxid } from "../../src/lab/publishable.ts";
import { explains } from "../../src/lab/reasons.ts";
import { openChannel } from "./opened.ts";

describe("What is said of a channel's record", () => {
  let local: FundedState;
  let remote: FundedState;
  let keys: ChannelKeys;
  before(async () => {
    const opened = await openChannel();
    ({ local, remote } = opened);
    keys = channelKeys(channelSecrets(opened.seed));
  });
  const withBalance = (state: FundedState, change: bigint): FundedState => {
    const { balance } = state.commitments;
    const changed = { ...balance, local: msat(balance.local + change) };
    return { ...state, commitments: { ...state.commitments, balance: changed } };
  };
  const withNumber = (state: FundedState, change: bigint): FundedState => {
    const { local: own } = state.commitments;
    return { ...state, commitments: { ...state.commitments, local: { ...own, number: own.number + change } } };
  };

  it("a real channel at rest is in order, and both ends agree", () => {
    expect(isQuiet(local) && isQuiet(remote)).to.equal(true);
    expect(auditChannel(local, local)).to.deep.equal([]);
    expect(auditPair(local, remote)).to.deep.equal([]);
    expect(auditPublishable(local, keys)).to.equal(undefined);
    expect(remote.commitments.remote.txid).to.equal(ownTxid(local, keys));
  });

  it("one millisatoshi too many breaks conservation", () => {
    expect(auditChannel(local, withBalance(local, 1n)).map(({ rule }) => rule)).to.deep.equal(["conservation"]);
  });

  /** The commitments in which less than nothing is left to a side. */
  const overdrawn = (...htlcs: readonly object[]): readonly string[] => {
    const state = { ...local, commitments: { ...local.commitments, htlcs: htlcs as never } };
    return auditChannel(undefined, state).map(({ rule, detail }) => `${rule}: ${detail.split(" ").at(-1)}`);
  };
  const offered = (step: HtlcStep, amount: bigint, more: object = {}) => ({
    side: "offered",
    id: 0n,
    amount,
    step,
    ...more,
  });
  const taken = (step: HtlcStep, tag: "failed" | "fulfilled") => ({
    side: "received",
    id: 0n,
    amount: 5n,
    step,
    removal: { tag },
  });

  it("HTLCs come to no more than the balance, in each commitment that holds them", () => {
    const { balance } = local.commitments;
    expect(overdrawn(offered("SENT_ADD_ACK_REVOCATION", balance.local))).to.deep.equal([]);
    expect(overdrawn(offered("SENT_ADD_ACK_REVOCATION", balance.local), offered("SENT_ADD_COMMIT", 1n))).to.deep.equal([
      "conservation: remote_signed",
      "conservation: remote_next",
    ]);
    const failed = { removal: { tag: "failed" } };
    const left = (step: HtlcStep) => overdrawn(offered(step, balance.local, failed), offered("SENT_ADD_COMMIT", 1n));
    expect(left("SENT_REMOVE_REVOCATION")).to.deep.equal(["conservation: remote_signed"]);
    expect(left("SENT_REMOVE_ACK_COMMIT")).to.deep.equal([]);
  });

  it("what was fulfilled may be offered on in the commitments that no longer hold it, by its taker alone", () => {
    const { balance } = local.commitments;
    const spent = (step: HtlcStep, amount: bigint, tag: "failed" | "fulfilled" = "fulfilled") =>
      overdrawn(taken(step, tag), offered("SENT_ADD_COMMIT", amount));
    const broken = ["conservation: remote_signed", "conservation: remote_next"];
    expect(spent("RECEIVED_REMOVE_REVOCATION", balance.local + 5n)).to.deep.equal([]);
    expect(spent("RECEIVED_REMOVE_REVOCATION", balance.local + 6n)).to.deep.equal(broken);
    expect(spent("RECEIVED_REMOVE_REVOCATION", balance.local + 5n, "failed")).to.deep.equal(broken);
    expect(spent("SENT_REMOVE_HTLC", balance.local + 5n)).to.deep.equal(["conservation: remote_signed"]);
  });

  it("a commitment number that goes back, or two on, breaks revoked_state", () => {
    const later = withNumber(local, 1n);
    expect(auditChannel(later, local).map(({ rule }) => rule)).to.deep.equal(["revoked_state"]);
    expect(auditChannel(local, later)).to.deep.equal([]);
    expect(auditChannel(local, withNumber(local, 2n)).map(({ rule }) => rule)).to.deep.equal(["revoked_state"]);
  });

  it("an id of ours that goes back breaks it too, but for those that no commitment covers", () => {
    const at = (nextOfferedId: bigint, ...steps: readonly string[]): FundedState => {
      const htlcs = steps.map((step, id) => ({ side: "offered", id: BigInt(id), amount: 1n, step })) as never;
      return { ...local, commitments: { ...local.commitments, htlcs, nextOfferedId } };
    };
    const rules = (before: FundedState, after: FundedState) => auditChannel(before, after).map(({ rule }) => rule);
    const two = at(2n, "SENT_ADD_COMMIT", "SENT_ADD_HTLC");
    expect(rules(two, at(1n, "SENT_ADD_COMMIT"))).to.deep.equal([]);
    expect(rules(two, at(0n))).to.deep.equal(["revoked_state"]);
  });

  it("two ends that differ in a balance or a number break commitments_equal", () => {
    expect(auditPair(withBalance(local, 1n), remote).map(({ rule }) => rule)).to.deep.equal(["commitments_equal"]);
    expect(auditPair(withNumber(local, 1n), remote).map(({ rule }) => rule)).to.deep.equal(["commitments_equal"]);
  });

  it("a commitment without the peer's signature for it cannot be published", () => {
    const { signatures, number } = local.commitments.local;
    const signature = signatures.signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    const forged = { ...local.commitments, local: { number, signatures: { ...signatures, signature } } };
    expect(auditPublishable({ ...local, commitments: forged }, keys)).to.match(/bad_commitment_signature/);
    const { balance } = local.commitments;
    const moved = { local: msat(balance.local - 1_000n), remote: msat(balance.remote + 1_000n) };
    const shifted = { ...local, commitments: { ...local.commitments, balance: moved } };
    expect(auditPublishable(shifted, keys)).to.match(/bad_commitment_signature/);
  });

  it("a failed channel breaks no_failure, but for a reason that the world has planned", () => {
    const failed = { ...local, tag: "Failed", cause: { tag: "fault", text: "x" } } as FundedState;
    expect(present(auditChannel(local, failed)[0], "one fault").rule).to.equal("no_failure");
    const requested = { ...failed, cause: { tag: "requested" } } as FundedState;
    const planned = (state: FundedState) =>
      auditChannel(local, state, (cause) => explains(new Set(["operator"]), cause)).map(({ rule }) => rule);
    expect([planned(requested), planned(failed)]).to.deep.equal([[], ["no_failure"]]);
    expect(explains(undefined, { tag: "requested" })).to.equal(false);
  });
});
