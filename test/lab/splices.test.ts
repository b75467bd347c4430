import { expect } from "chai";
import type { FundedState } from "../../channels/index.ts";
import { type Outpoint, outpointKey, type Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import { auditChannel, auditPair } from "../../src/lab/books.ts";
import { emptyLedger } from "../../src/lab/ledger.ts";
import { SignedOnce } from "../../src/lab/signed-once.ts";
import { signsForgotten } from "../../src/lab/splice-laws.ts";
import {
  capacityAtOpening,
  fundingsOnChain,
  liveFundings,
  onFunding,
  publishableFundings,
  SplicesSeen,
} from "../../src/lab/splices.ts";
import type { CommitmentSigned } from "../../src/wire/updates.ts";
import type { Pair } from "../support/pair.ts";
import { lockBoth, out, spliceable, spliceBoth } from "../support/splicing.ts";

const OUT = 20_000n;
type Other = FundedState["commitments"]["others"][number];

describe("What a simulated world knows of splices", () => {
  let pair: Pair;
  let before: FundedState;
  let txid: Txid;
  let splice: Outpoint;
  beforeEach(() => {
    pair = spliceable();
    before = pair.parties.a.funded;
    txid = spliceBoth(pair, "a", out(OUT));
    splice = present(pair.parties.a.funded.commitments.others[0], "a splice").terms.outpoint;
  });
  const a = (): FundedState => pair.parties.a.funded;
  const withOther = (change: (other: Other) => object): FundedState => {
    const { commitments } = a();
    const others = commitments.others.map((other) => ({ ...other, ...change(other) }));
    return { ...a(), commitments: { ...commitments, others } };
  };
  const rules = (state: FundedState): readonly string[] => auditChannel(undefined, state).map(({ rule }) => rule);

  it("holds the same money on each funding, less what went out of it, and the same commitments", () => {
    expect(rules(a())).to.deep.equal([]);
    expect(rules(withOther(({ shift }) => ({ shift: { ...shift, local: shift.local + 1n } })))).to.deep.equal([
      "conservation",
    ]);
    const all = -before.commitments.balance.local;
    const stolen = withOther(({ shift }) => ({
      shift: { local: all - 1n, remote: shift.local + shift.remote - all + 1n },
    }));
    expect(rules(stolen), "nobody takes out more than is his").to.deep.equal(["conservation"]);
    expect(rules(withOther(({ local }) => ({ local: { ...local, number: local.number + 1n } })))).to.deep.equal([
      "publishable",
    ]);
  });

  it("both ends agree on each funding, and differ on two", () => {
    const [on, other] = [liveFundings(a()), liveFundings(pair.parties.b.funded)];
    expect(on.map(({ params }) => outpointKey(params.funding))).to.deep.equal(
      [before.params.funding, splice].map(outpointKey),
    );
    for (const [at, mine] of on.entries()) expect(auditPair(mine, present(other[at], "theirs"))).to.deep.equal([]);
    const apart = auditPair(present(on[0], "the first"), present(other[1], "the splice"));
    expect(new Set(apart.map(({ rule }) => rule))).to.deep.equal(new Set(["commitments_equal"]));
    expect(apart.length).to.be.greaterThan(1);
  });

  it("may publish on each while both are live, and on the locked one alone once a later commitment is made", () => {
    expect(publishableFundings(a()).length).to.equal(2);
    lockBoth(pair, txid);
    expect(liveFundings(a()).map(({ params }) => outpointKey(params.funding))).to.deep.equal([outpointKey(splice)]);
    const { commitments } = a();
    const local = { ...commitments.local, number: commitments.local.number + 1n };
    expect(publishableFundings({ ...a(), commitments: { ...commitments, local } }).length).to.equal(1);
  });

  it("follows a channel along the chain from its opening to where it was decided, and says what it had there", () => {
    const seen = new SplicesSeen();
    seen.take(a().params.channelId, a());
    lockBoth(pair, txid);
    const splices = seen.of(a().params.channelId);
    const taken = before.params.capacity - a().params.capacity;
    expect(taken > OUT, "the fee too").to.equal(true);
    expect([...splices.values()].map(({ added }) => added)).to.deep.equal([{ local: -taken, remote: 0n }]);
    expect(capacityAtOpening(splices, a())).to.equal(before.params.capacity);
    const chain = (spender: Txid | undefined) => ({
      spenderTxid: (outpoint: Outpoint) =>
        outpointKey(outpoint) === outpointKey(before.params.funding) ? spender : undefined,
    });
    const path = (spender: Txid | undefined) => fundingsOnChain(chain(spender), splices, a()).map(outpointKey);
    expect(path(txid)).to.deep.equal([before.params.funding, splice].map(outpointKey));
    expect(path("99".repeat(32) as Txid), "closed without it").to.deep.equal([outpointKey(before.params.funding)]);
    expect(onFunding(a(), splice).commitments.balance).to.deep.equal(a().commitments.balance);
    expect(onFunding(a(), before.params.funding).commitments.balance).to.deep.equal(before.commitments.balance);
    const { commitments } = a();
    const poor = { ...commitments, balance: { local: msat(0n), remote: msat(0n) } };
    const shift = { local: -1n, remote: 1n };
    const others = commitments.others.map((other) => ({ ...other, shift }));
    const { balance } = onFunding({ ...a(), commitments: { ...poor, others } }, before.params.funding).commitments;
    expect(balance, "never less than nothing").to.deep.equal({
      local: 0n,
      remote: before.commitments.balance.local + before.commitments.balance.remote,
    });
  });

  const signed = (fill: number, funding_txid: Txid | undefined = undefined): CommitmentSigned => ({
    name: "commitment_signed",
    channel_id: a().params.channelId,
    signature: new Uint8Array(64).fill(fill),
    htlc_signature: [],
    ...(funding_txid !== undefined && { funding_txid }),
  });
  const holding = (state: FundedState) => {
    const ledger = emptyLedger();
    ledger.channels.set(state.params.channelId, state);
    return ledger;
  };

  it("one number is signed once on each funding: the same again is the same, another breaks revoked_state", () => {
    const once = new SignedOnce();
    const judged = (message: CommitmentSigned): string | undefined => once.judge(holding(a()), message)?.rule;
    expect(judged(signed(1))).to.equal(undefined);
    expect(judged(signed(1))).to.equal(undefined);
    expect(judged(signed(2, txid)), "on the splice").to.equal(undefined);
    expect(judged(signed(2)), "on the first").to.equal("revoked_state");
  });
  it("what signs for a splice that is not on disk is in doubt until the next message", () => {
    expect(signsForgotten({ durable: holding(before) }, signed(1, txid))).to.equal(true);
    expect(signsForgotten({ durable: holding(a()) }, signed(1, txid))).to.equal(false);
    expect(signsForgotten({ durable: holding(before) }, signed(1))).to.equal(false);
  });
});
