import { expect } from "chai";
import type { IncomingHtlc } from "../../../channels/index.ts";
import { type Claim, isWorthClaiming, sweepTx } from "../../../channels/index.ts";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, sumSat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, normal, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { claimFault, signedClaim } from "../../support/claim-signing.ts";
import { FEERATE } from "../../support/court.ts";
import { type Snapshot, Thief } from "../../support/thief.ts";

const STATES = 100;
/** Above any dust limit, and below it. */
const UNTRIMMED = 10_000_000n;
const DUST = 100_000n;

/** A channel that has lived: b's state at each number of its commitments, and a's when b had revoked them all. */
interface Life {
  readonly pair: Pair;
  readonly states: readonly Snapshot[];
}
/** Payments to and fro with so many HTLCs that have an output pending on each side. */
function lived(htlcs: number): Life {
  const pair = normal({ capacity: 10_000_000n, push: 5_000_000_000n });
  pair.compare = false;
  const states = new Map<bigint, Snapshot>();
  const keep = (): void => {
    const state = pair.parties.b.funded;
    states.set(state.commitments.local.number, state);
  };
  keep();
  const deliver = (): void => {
    // One message at a time, so that no state of b goes by unseen.
    for (let moved = true; moved; ) {
      moved = pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b");
      keep();
    }
  };
  const amount = htlcs === 0 ? DUST : UNTRIMMED;
  for (let round = 0; pair.parties.b.funded.commitments.local.number <= STATES; round++) {
    pair.offer("a", amount + BigInt(round) * 1_000n);
    pair.offer("b", amount + BigInt(round) * 2_000n);
    deliver();
    for (const name of ["a", "b"] as const) {
      const pending = [...pair.parties[name].incoming.values()];
      for (const htlc of pending.slice(0, Math.max(pending.length - htlcs, 0))) settle(pair, name, htlc);
    }
    deliver();
  }
  return { pair, states: [...states].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, state]) => state) };
}
function settle(pair: Pair, name: "a" | "b", htlc: IncomingHtlc): void {
  pair.parties[name].incoming.delete(htlc.id);
  pair.fulfill(name, htlc);
}

/** What a claims once the thief's transactions are mined; every claim is signed and held against the interpreter. */
interface Judgement {
  readonly claimed: bigint;
  readonly left: bigint;
  readonly all: bigint;
}
type Stage = "none" | "offered" | "received";
function judge({ pair }: Life, then: Snapshot, stage: Stage, together: boolean): Judgement {
  const { a, b } = pair.parties;
  const thief = new Thief(b);
  const { tx, commitment } = thief.commitment(then);
  const before = a.state;
  const height = blockHeight(HEIGHT + 50);
  a.height = blockHeight(height + 1);
  pair.give("a", { tag: "FundingSpent", tx, height });
  const holders = new Map<string, Tx>([[txidOf(tx), tx]]);
  const stages = stage === "none" ? [] : thief.secondStages(then, stage, (bare) => bare, together);
  let stolen = 0n;
  for (const { tx: second, vouts } of stages) {
    holders.set(txidOf(second), second);
    for (const vout of vouts) {
      stolen += present(tx.outputs[vout], "an HTLC").amount;
      pair.give("a", {
        tag: "OutputSpent",
        outpoint: { txid: txidOf(tx), vout },
        tx: second,
        height: blockHeight(height + 1),
      });
    }
  }
  const claimed = a.claims.map((claim) => take(claim, holders));
  expect(new Set(a.claims.map(({ outpoint }) => outpointKey(outpoint))).size).to.equal(a.claims.length);
  a.state = before;
  const anchors = commitment.outputs.filter(({ role }) => role.tag.endsWith("anchor")).map(({ amount }) => amount);
  const all = sumSat(commitment.outputs.map(({ amount }) => amount)) - sumSat(anchors);
  const sum = claimed.reduce((total, amount) => total + amount, 0n);
  expect(stages.length > 0 || stolen === 0n).to.equal(true);
  return { claimed: sum, left: all - sum, all };

  function take(claim: Claim, known: ReadonlyMap<string, Tx>): bigint {
    const holder = present(known.get(claim.outpoint.txid), "claims are of the thief's transactions");
    const swept = present(sweepTx(claim, SCRIPT.a, FEERATE), "worth a transaction");
    const signed = signedClaim(a.secrets, claim, swept.tx);
    expect(claimFault(claim, signed, holder)).to.equal(undefined);
    expect(isWorthClaiming(claim)).to.equal(true);
    return claim.amount;
  }
}

describe("BOLT 5 §Revoked Transaction Close Handling: every output of every revoked state (CONFORMANCE 134, RELIABILITY R2, G4)", () => {
  for (const htlcs of [0, 1, 5]) {
    describe(`${STATES} states with ${htlcs} HTLCs a side`, () => {
      let life: Life;
      before(function () {
        this.timeout(60_000);
        life = lived(htlcs);
      });
      for (const [stage, name] of [
        ["none", "the thief has only published"],
        ["received", "the thief's HTLC-success transactions are mined first"],
        ["offered", "the thief's HTLC-timeout transactions are mined first"],
      ] as const)
        it(`${name}: all ends with the victim`, function () {
          this.timeout(60_000);
          const wrong: string[] = [];
          let stages = 0;
          for (let k = 0; k < STATES; k++) {
            const then = present(life.states[k], "b was in every state");
            expect(then.commitments.local.number).to.equal(BigInt(k));
            const { left, all } = judge(life, then, stage, false);
            stages += then.commitments.htlcs.length;
            // Every output is far above what its sweep costs, so nothing may be left.
            if (left !== 0n) wrong.push(`state ${k}: ${left} of ${all} sat left`);
          }
          expect(wrong).to.deep.equal([]);
          expect(stages > 0 || htlcs === 0).to.equal(true);
        });
      if (htlcs === 0)
        it("keeps nothing for states whose HTLCs were all trimmed", () => {
          expect(life.pair.parties.a.revokedRecords).to.equal(0);
        });
      else
        it("RELIABILITY O4: second stages put into one transaction: every output of it is taken", () => {
          for (const k of [40, 60, 80])
            for (const stage of ["received", "offered"] as const) {
              const { left } = judge(life, present(life.states[k], "a state"), stage, true);
              expect(left, `state ${k}`).to.equal(0n);
            }
        });
    });
  }
});
