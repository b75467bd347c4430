import { expect } from "chai";
import type { Failed } from "../../../channels/state.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import { HEIGHT } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { Thief } from "../../support/thief.ts";

/** 400 sat: more than the dust limit, so that a commitment has an output for it, and less than it costs to fetch. */
const AMOUNT = 400_000n;
const EXPIRY_BLOCKS = 40;
const ends = (court: Court): readonly string[] =>
  court.pair.parties.a.log.flatMap((effect) =>
    effect.tag === "HtlcSettled" || effect.tag === "HtlcFailed" ? [`${effect.tag} ${effect.id}`] : [],
  );

/** The peer's commitment with such an HTLC of ours is mined, and neither side fetches its output. */
function mined(expiryBlocks = EXPIRY_BLOCKS) {
  const court = new Court().open();
  const { pair } = court;
  pair.offer("a", AMOUNT, 1, cltvExpiry(court.height + expiryBlocks));
  pair.settle();
  const thief = new Thief(pair.parties.b);
  const then = pair.parties.b.funded;
  court.silent.b = true;
  pair.disconnect();
  court.publish(thief.commitment(then).tx);
  court.mine();
  const { expiry } = present((pair.parties.a.state as Failed).commitments.htlcs[0], "the HTLC");
  return { court, thief, then, expiry };
}

describe("an HTLC of ours whose output is not worth a transaction", () => {
  it("is failed upstream as late as if it were taken back at its expiry: until then the peer may show the preimage", () => {
    const { court, expiry } = mined();
    const { resolutionDepth } = court.pair.env("a").policy;
    expect(court.height).to.be.above(HEIGHT);
    court.mineTo(expiry + resolutionDepth - 1);
    expect(ends(court)).to.deep.equal([]);
    court.mine();
    expect(ends(court)).to.deep.equal(["HtlcFailed 0"]);
  });

  it("is failed upstream before the channel is forgotten, where all else is buried long before its expiry", () => {
    const { court, expiry } = mined(400);
    const { resolutionDepth } = court.pair.env("a").policy;
    court.mineTo(expiry + resolutionDepth - 1);
    expect([court.pair.parties.a.state.tag, ends(court)]).to.deep.equal(["Failed", []]);
    court.mine();
    expect(ends(court)).to.deep.equal(["HtlcFailed 0"]);
  });

  it("is paid for upstream when the peer fetches it in the last of those blocks", () => {
    const { court, thief, then, expiry } = mined();
    const { resolutionDepth } = court.pair.env("a").policy;
    court.mineTo(expiry + resolutionDepth - 2);
    const [success] = thief.secondStages(then, "received", (tx) => court.withFee(tx, 1_200));
    court.publish(present(success, "b can claim it").tx);
    court.mine(300);
    expect(ends(court)).to.deep.equal(["HtlcSettled 0"]);
  });
});
