import { expect } from "chai";
import { specOf } from "../../../channels/commitments.ts";
import { classify } from "../../../channels/onchain/classify.ts";
import type { Failed } from "../../../channels/state.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { EXPIRY, HEIGHT, preimageOf } from "../../support/channel-pair.ts";
import { signedClaims } from "../../support/claim-signing.ts";
import { Court } from "../../support/court.ts";
import { Thief } from "../../support/thief.ts";

const AMOUNT = 20_000_000n;
/** The one HTLC that a has offered, as its own channel holds it. */
const offered = (court: Court) => present(court.pair.parties.a.funded.commitments.htlcs[0], "a's HTLC is pending");
/** How a was told that its HTLCs ended, in order. */
const ends = (court: Court): readonly string[] =>
  court.pair.parties.a.log.flatMap((effect) =>
    effect.tag === "HtlcSettled" || effect.tag === "HtlcFailed" ? [`${effect.tag} ${effect.id}`] : [],
  );
const spendOfFunding = ({ spends }: Failed): Tx => present(spends[0], "something spends the funding output").tx;

/** a has offered an HTLC, irrevocably, and b knows its preimage. */
function pending(): Court {
  const court = new Court().open();
  court.pair.offer("a", AMOUNT, 1);
  court.pair.settle();
  return court;
}

describe("Preimages learnt on the chain: upstream is paid, whatever commitment was mined (CONFORMANCE 78, 131)", () => {
  it("RELIABILITY C1: the HTLC is gone from our commitment and the next of the peer's, and claimed in the one before", () => {
    const court = pending();
    const { pair } = court;
    pair.fail("b", 0n);
    pair.signTurn("b");
    // update_fail_htlc and commitment_signed arrive; our revoke_and_ack and commitment_signed are never answered.
    while (pair.deliver("a"));
    pair.signTurn("a");
    pair.disconnect();
    expect(pair.parties.a.funded.commitments.sent, "the peer's next commitment is signed").to.not.equal(undefined);
    const thief = new Thief(pair.parties.b);
    const then = pair.parties.b.funded;
    court.silent.b = true;
    court.publish(thief.commitment(then).tx);
    court.mine();
    expect(ends(court)).to.deep.equal([]);
    const [success] = thief.secondStages(then, "received", (tx) => court.withFee(tx, 1_200));
    court.publish(present(success, "b can claim it").tx);
    court.mine();
    expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
    court.mine(110);
    expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
  });

  for (const [row, published, mined] of [
    ["RELIABILITY C2", "theirs", { tag: "remote", view: "remote_signed" }],
    ["RELIABILITY C3", "ours", { tag: "local" }],
  ] as const)
    it(`${row}: fulfilled before, and missing from the newest commitment, which is mined: ${published}`, () => {
      const court = pending();
      const { pair } = court;
      pair.give("b", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
      pair.signTurn("b");
      // The peer's fulfilment and signature arrive, and our revocation and signature leave; its own revocation never comes.
      while (pair.deliver("a"));
      pair.signTurn("a");
      while (pair.deliver("b"));
      expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
      const { a, b } = pair.parties;
      if (published === "ours") {
        court.silent.b = true;
        const data = new Uint8Array(0);
        pair.give("a", { tag: "PeerMessage", message: { name: "error", channel_id: a.funded.params.channelId, data } });
      }
      pair.disconnect();
      if (published === "theirs") {
        court.silent.a = true;
        court.publish(new Thief(b).commitment(b.funded).tx);
      }
      court.act();
      court.mine(7);
      expect(a.state.tag === "Failed" && classify(pair.env("a"), a.state, spendOfFunding(a.state))).to.include(mined);
      expect(a.funded.commitments.htlcs.length, "a still has it").to.equal(1);
      expect(specOf(a.funded.commitments, published === "ours" ? "local" : "remote_signed").htlcs).to.deep.equal([]);
      pair.crash("a");
      court.mine(20);
      expect(ends(court).filter((end) => end !== "HtlcSettled 0")).to.deep.equal([]);
    });

  for (const closer of ["a", "b"] as const)
    it(`RELIABILITY C33: held while ${closer} closes the channel, and settled only then: the preimage claims it on the chain`, () => {
      const court = pending();
      court.pair.give(closer, { tag: "ForceClose" });
      court.mine(2);
      court.pair.give("b", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
      court.mine(2);
      expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
      court.mine(300);
      expect([ends(court), court.pair.parties.a.state.tag, court.pair.parties.b.state.tag]).to.deep.equal([
        ["HtlcSettled 0"],
        "Closed",
        "Closed",
      ]);
    });

  it("RELIABILITY O1: a preimage that is seen in the mempool and replaced again counts all the same", () => {
    const court = pending();
    const { pair } = court;
    const { a } = pair.parties;
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.silent.b = true;
    court.act();
    court.mine();
    pair.give("b", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
    const [claim] = pair.parties.b.claims.filter(({ why }) => why === "htlc_success");
    const unconfirmed = present(court.claimTx("b", present(claim, "b can claim it")), "worth it");
    expect(ends(court)).to.deep.equal([]);
    pair.give("a", { tag: "SpendSeen", tx: unconfirmed });
    expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
    // It never was mined: at the expiry we take the HTLC back all the same, and say nothing else upstream.
    court.mineTo(EXPIRY + 12);
    expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
    expect(a.state.tag === "Failed" && a.state.givenUp).to.deep.equal([]);
  });

  it("RELIABILITY O1: a timeout is broadcast again at every block until it is mined", () => {
    const court = pending();
    const { pair } = court;
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mine();
    court.silent.a = true;
    for (let height = EXPIRY + 1; height < EXPIRY + 5; height++) {
      pair.parties.a.log = [];
      court.mineTo(height);
      const said = pair.parties.a
        .take("Claims")
        .at(-1)
        ?.claims.map(({ why }) => why);
      expect(said).to.include("htlc_timeout");
    }
  });

  it("an HTLC that timed out is failed upstream when its transaction is as deep as the policy says, and not before", () => {
    const court = pending();
    const { pair } = court;
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mineTo(EXPIRY);
    expect(offered(court).expiry).to.equal(EXPIRY);
    court.mine();
    court.mine(4);
    expect(ends(court)).to.deep.equal([]);
    court.mine();
    expect(ends(court)).to.deep.equal(["HtlcFailed 0"]);
    court.mine(260);
    expect(ends(court)).to.deep.equal(["HtlcFailed 0"]);
    expect(pair.parties.a.state.tag).to.equal("Closed");
  });
});

describe("RELIABILITY O3: several HTLCs, of which a rival takes some in one transaction", () => {
  it("two of three are claimed together with their preimages: the third is taken back in the same block's turn", () => {
    const court = new Court().open();
    const { pair } = court;
    const soon = HEIGHT + 60;
    for (const [tick, expiry] of [soon, soon + 1, soon + 1].entries())
      pair.offer("a", AMOUNT, tick, cltvExpiry(expiry));
    pair.settle();
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.silent.b = true;
    court.act();
    court.mine();
    for (const id of [0n, 1n]) pair.give("b", { tag: "FulfillHtlc", id, preimage: preimageOf(Number(id)) });
    const claims = pair.parties.b.claims.filter(({ why }) => why === "htlc_success");
    expect(claims).to.have.length(2);
    court.silent.a = true;
    court.mineTo(soon + 2);
    const singles = claims.map((claim) => present(court.claimTx("b", claim), "worth it"));
    const bare: Tx = {
      version: 2,
      inputs: singles.flatMap(({ inputs }) => inputs),
      outputs: singles.flatMap(({ outputs }) => outputs),
      locktime: 0,
    };
    const both = signedClaims(pair.parties.b.secrets, claims, bare);
    court.publish(both);
    court.silent.a = false;
    court.mine();
    expect(ends(court)).to.have.members(["HtlcSettled 0", "HtlcSettled 1"]);
    court.mine(1);
    const state = pair.parties.a.state;
    expect(state.tag === "Failed" && state.spends.map(({ tx }) => txidOf(tx)).includes(txidOf(both))).to.equal(true);
    court.mine(6);
    expect(ends(court)).to.include("HtlcFailed 2");
  });
});
