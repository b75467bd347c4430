import { expect } from "chai";
import type { ReceivedStep } from "../../../channels/htlc.ts";
import { idBytes } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, type Pair, preimageOf } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";

const AMOUNT = 20_000_000n;
const EXPIRY = cltvExpiry(HEIGHT + 60);
/** As a holds the HTLC that b has offered. */
const stepOf = (pair: Pair): string | undefined =>
  pair.parties.a.funded.commitments.htlcs.find(({ side }) => side === "received")?.step;

/** b has offered an HTLC, and the two have come so far with it. */
function offered(step: ReceivedStep): Court {
  const court = new Court().open();
  const { pair } = court;
  pair.offer("b", AMOUNT, 1, EXPIRY);
  for (let turn = 0; stepOf(pair) !== step; turn++) {
    if (turn > 20) throw new Error(`never ${step}`);
    const moved = pair.deliver("a") || pair.signTurn("b") || pair.signTurn("a") || pair.deliver("b");
    if (!moved) throw new Error(`stuck before ${step}`);
  }
  return court;
}
const refusals = (pair: Pair): readonly string[] =>
  pair.parties.a.take("CommandRefused").map(({ command, reason }) => `${command} ${reason.code}`);
function shownIn(court: Court): readonly Tx[] {
  const secret = Buffer.from(idBytes(preimageOf(1)));
  const txs: Tx[] = [];
  for (let height = HEIGHT + 1; height <= court.height; height++)
    txs.push(...present(court.chain.whole.blockAt(blockHeight(height)), "a block of the chain").txs);
  return txs.filter(({ inputs }) => inputs.some(({ witness }) => witness.some((item) => secret.equals(item))));
}

describe("CONFORMANCE 133: the preimage of an HTLC that the peer could still do without", () => {
  for (const step of ["RECEIVED_ADD_HTLC", "SENT_ADD_REVOCATION", "SENT_ADD_ACK_COMMIT"] as const)
    it(`is given neither to the peer nor to the chain: ${step}`, () => {
      const court = offered(step);
      const { pair } = court;
      const give = () => pair.give("a", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
      give();
      expect(refusals(pair)).to.deep.equal(["FulfillHtlc htlc_not_committed"]);
      expect(pair.parties.a.take("HtlcCommitted"), "nobody was told of it").to.deep.equal([]);
      pair.disconnect();
      pair.give("a", { tag: "ForceClose" });
      give();
      court.act();
      court.mine();
      give();
      // What no signature of the peer covers is forgotten with the connection.
      const refused = step === "RECEIVED_ADD_HTLC" ? "unknown_htlc" : "htlc_not_committed";
      expect(refusals(pair).slice(1)).to.deep.equal(Array(2).fill(`FulfillHtlc ${refused}`));
      court.mineTo(EXPIRY + 10);
      expect(shownIn(court)).to.deep.equal([]);
    });
  it("and is given to both once it is irrevocable", () => {
    const court = offered("RECEIVED_ADD_ACK_REVOCATION");
    const { pair } = court;
    expect(pair.parties.a.take("HtlcCommitted")).to.have.length(1);
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    pair.give("a", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
    court.act();
    court.mine(3);
    expect(shownIn(court)).to.have.length(1);
  });
});

describe("An HTLC of the peer's that expires after any that would have been taken", () => {
  it("keeps no channel, nor the coins that are held back for closing it, once one that was taken would be over", () => {
    const court = new Court().open({ policy: { toSelfDelay: 10 } });
    const { pair } = court;
    pair.offer("b", AMOUNT, 1, cltvExpiry(HEIGHT + 1_500));
    pair.settle();
    const { a } = pair.parties;
    // As two weeks of blocks are to one that expires in years.
    a.policy = { ...a.policy, expiryDeltaMax: 50 };
    pair.disconnect();
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mine(1);
    const mined = court.height;
    court.mineTo(mined + 149);
    expect(a.state.tag).to.equal("Failed");
    court.mineTo(mined + 150);
    expect(a.state.tag).to.equal("Closed");
  });
});
