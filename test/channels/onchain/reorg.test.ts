import { expect } from "chai";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { opened } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { replayed, standing } from "../../support/replay.ts";
import {
  agreed,
  BURIED,
  betrayed,
  EXPIRY_BLOCKS,
  expectPaid,
  expectReplay,
  POLICY,
  type Scene,
  SIDES,
  scene,
  toTheEnd,
  withHtlcs,
} from "./scene.ts";

const DEPTHS = [1, 2, 6, 50, 100] as const;
/** Points in the life of a channel: the last block that was mined holds what the name says. */
const POINTS: { readonly [what: string]: () => Scene } = {
  "the mutual close": () => mined(agreed(), 1),
  "the commitment of a": () => mined(withHtlcs("a"), 1),
  "the commitment of b": () => mined(withHtlcs("b"), 1),
  "what a claims with a preimage from its own commitment": () => mined(withHtlcs("a"), 2),
  "what a claims with a preimage from the other's": () => mined(withHtlcs("b"), 2),
  "what a takes back from its own commitment": () => mined(withHtlcs("a"), EXPIRY_BLOCKS + 1),
  "what a takes back from the other's": () => mined(withHtlcs("b"), EXPIRY_BLOCKS + 1),
  "what a sweeps last": () => mined(withHtlcs("a"), EXPIRY_BLOCKS + 1 + POLICY.toSelfDelay),
  "a revoked commitment": () => mined(betrayed(), 1),
  "the penalty": () => mined(betrayed(), 2),
};
function mined(here: Scene, blocks: number): Scene {
  here.court.mine(blocks);
  return here;
}

/** What a knows to be spent in the best chain, and since which block. */
function spendsOf({ pair }: Court): ReadonlyMap<string, number> {
  const { funded: state } = pair.parties.a;
  const spends = state.tag === "Failed" ? state.spends : [];
  const known = new Map<string, number>(spends.map(({ outpoint, height }) => [outpointKey(outpoint), height]));
  if (state.tag === "Closing" && state.confirmed !== undefined)
    known.set(outpointKey(state.params.funding), state.confirmed.height);
  return known;
}
/** Mines until the spend of this outpoint is so deep. */
function bury(court: Court, outpoint: string, depth: number): void {
  for (let block = 0; block < 200; block++) {
    const height = spendsOf(court).get(outpoint);
    if (height !== undefined && court.height - height + 1 >= depth) return;
    court.mine();
  }
  expect.fail(`${outpoint} is never ${depth} deep`);
}

describe("RELIABILITY O28: blocks that go take away what happened to a channel, again and again, 1 to 100 at a time", () => {
  for (const [what, reach] of Object.entries(POINTS))
    it(`${what}: always as if the best chain were heard anew, and all money ends with its owner`, () => {
      const here = reach();
      const { court } = here;
      const [event] = [...spendsOf(court)].filter(([, height]) => height === court.height);
      const [outpoint] = present(event, "the last block holds it");
      for (const depth of DEPTHS) {
        // What is 100 deep is final, and the channel forgotten.
        bury(court, outpoint, Math.min(depth, BURIED - 1));
        court.reorganise(depth);
        expect([...spendsOf(court).keys()], `${depth} deep`).not.to.include(outpoint);
        court.mine();
        expectReplay(here, `${depth} deep`);
      }
      toTheEnd(here);
      expectPaid(here);
    });
});

describe("RELIABILITY O28: the block that holds the funding goes", () => {
  for (const depth of DEPTHS)
    it(`${depth} deep: nothing is taken over the channel until it is as deep again, then it goes on`, () => {
      const court = new Court();
      const { pair } = court;
      opened({}, pair);
      pair.settle();
      court.act();
      court.mine(depth);
      const disks = SIDES.map((name) => present(pair.parties[name].disk, "a record"));
      const wasReady = depth >= 3;
      court.reorganise(depth);
      for (const name of SIDES) {
        const { funding, tag } = pair.parties[name].funded;
        expect([tag, funding.confirmed, funding.deep]).to.deep.equal([
          wasReady ? "Normal" : "WaitForFundingConfirmed",
          undefined,
          false,
        ]);
        const code = wasReady ? "funding_not_confirmed" : "not_open";
        const origin = { tag: "payment", paymentId: `p${pair.ticks}`, attempt: 0 };
        expect(pair.offer(name, 1_000_000n).effects).to.deep.equal([{ tag: "Refused", origin, reason: { code } }]);
      }
      court.mine();
      for (const [at, name] of SIDES.entries()) {
        const fresh = replayed(court, name, disks[at] as Uint8Array);
        expect(standing(pair, name)).to.deep.equal(standing(fresh, name));
      }
      court.mine(2);
      for (const name of SIDES) expect(pair.parties[name].funded.funding.deep, name).to.equal(true);
      pair.offer("a", 100_000_000n);
      pair.settle();
      for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
      pair.settle();
      pair.give("b", { tag: "Shutdown", script: pair.parties.b.closeScript, feerate: pair.env("b").feerate as never });
      pair.settle();
      const here = scene(court, 500_000n);
      court.act();
      toTheEnd(here);
      expectPaid(here);
    });
});
