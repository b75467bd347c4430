import { expect } from "chai";
import fc from "fast-check";
import { localCommitment, remoteCommitment, specOf, tally } from "../../../channels/commitments.ts";
import type { Htlc } from "../../../channels/htlc.ts";
import type { ChannelParams } from "../../../channels/index.ts";
import { feerateAffordable, localReserve, receivedOutOfBounds } from "../../../channels/normal/bounds.ts";
import type { Commitments } from "../../../channels/state.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { openerCost, trimThreshold } from "../../../channels/tx/weights.ts";
import { msat, type SatPerKw, sat, satPerKw } from "../../../src/base/units.ts";
import { EXPIRY, hashOf, normal, ONION } from "../../support/channel-pair.ts";

const FORMATS: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];
const CAPACITY = 1_000_000_000n;
const ORIGIN = { tag: "payment", paymentId: "p", attempt: 0 } as const;
/** A channel of each format, seen by the side whose dust limit is the lower one. */
const sides = Object.fromEntries(
  FORMATS.map((format) => {
    const pair = normal({ type: { format } });
    return [format, { env: pair.env("a"), state: pair.parties.a.funded }];
  }),
);
const sideOf = (format: CommitmentFormat, opener: ChannelParams["opener"]) => {
  const { env, state } = sides[format] as NonNullable<(typeof sides)[string]>;
  const remote = { ...state.params.remote, dustLimit: sat(546n) };
  return { env, params: { ...state.params, opener, remote }, commitments: state.commitments };
};

/** An HTLC a little above or below where it has an output in one of both commitments, and a balance a little about what that costs. */
interface Case {
  readonly format: CommitmentFormat;
  readonly opener: ChannelParams["opener"];
  readonly side: Htlc["side"];
  readonly owner: "local" | "remote";
  readonly rate: number;
  readonly off: bigint;
  readonly outputs: number;
  readonly spare: bigint;
}
const cases: fc.Arbitrary<Case> = fc.record({
  format: fc.constantFrom(...FORMATS),
  opener: fc.constantFrom("local", "remote"),
  side: fc.constantFrom("offered", "received"),
  owner: fc.constantFrom("local", "remote"),
  rate: fc
    .tuple(fc.integer({ min: 253, max: 20_000 }), fc.constantFrom(1, 1.25, 2))
    .map(([rate, rise]) => Math.floor(rate * rise)),
  off: fc.constantFrom(-1_000n, -1n, 0n, 1n, 999n, 1_000n),
  outputs: fc.nat(1),
  spare: fc.constantFrom(-1n, 0n, 1n),
});
const flip = { offered: "received", received: "offered" } as const;
const pending = (side: Htlc["side"], amount: bigint): Htlc => {
  const terms = {
    id: 0n,
    amount: msat(amount),
    paymentHash: hashOf(1),
    expiry: EXPIRY,
    onion: ONION,
    removal: undefined,
  };
  return side === "offered"
    ? { ...terms, side, step: "SENT_ADD_ACK_REVOCATION", origin: ORIGIN, preimage: undefined }
    : { ...terms, side, step: "RECEIVED_ADD_ACK_REVOCATION" };
};

function arranged({ format, opener, side, owner, rate, off, outputs, spare }: Case) {
  const { env, params, commitments } = sideOf(format, opener);
  const feerate = satPerKw(rate);
  const seen = owner === "local" ? side : flip[side];
  const amount = 1_000n * trimThreshold(seen, params[owner].dustLimit, feerate, format) + off;
  const reserve = opener === "local" ? localReserve(env, params) : 1_000n * params.local.channelReserve;
  const held = reserve + 1_000n * openerCost(outputs, feerate, format) + spare;
  const own = held + ((opener === "local") === (side === "offered") ? amount : 0n);
  const balance =
    opener === "local"
      ? { local: msat(own), remote: msat(CAPACITY - own) }
      : { local: msat(CAPACITY - own), remote: msat(own) };
  const after: Commitments = { ...commitments, balance, feerate, htlcs: [pending(side, amount)] };
  return { env, params, after, reserve, feerate, format };
}
/** What the opener has to have for the commitments as they are built. */
function built({ env, params, after, feerate, format }: ReturnType<typeof arranged>) {
  const { local, remote } = after;
  const txs = [
    localCommitment(env, params, local.number, specOf(after, "local_worst")).commitment,
    remoteCommitment(env, params, remote, specOf(after, "remote_worst")),
  ] as const;
  const cost = (at: 0 | 1): bigint => 1_000n * openerCost(txs[at].htlcs.length, feerate as SatPerKw, format);
  return { local: cost(0), both: cost(0) > cost(1) ? cost(0) : cost(1) };
}

describe("RELIABILITY C9: an HTLC beside the dust limit, when it is judged and when it is built", () => {
  it("has an output in the one exactly where it has one in the other, in both commitments, whoever opened", () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(cases, (one) => {
        const given = arranged(one);
        const { env, params, after, reserve } = given;
        const cost = built(given);
        const { local, remote } = tally(after, "local_worst");
        if (one.opener === "local") {
          const fits = feerateAffordable(env, params, after);
          expect(fits).to.equal(local >= reserve + cost.both);
          outcomes.add(`ours ${fits}`);
        } else {
          const fits = receivedOutOfBounds(params, after) === undefined;
          expect(fits).to.equal(remote >= reserve + cost.local);
          outcomes.add(`the peer's ${fits}`);
        }
      }),
      { seed: 9, numRuns: 1_000 },
    );
    expect([...outcomes].sort()).to.deep.equal(["ours false", "ours true", "the peer's false", "the peer's true"]);
  });
});
