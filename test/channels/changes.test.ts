import { expect } from "chai";
import fc from "fast-check";
import { type CommitmentEvent, changes, move, OFFERED_STEPS, RECEIVED_STEPS } from "../../channels/changes.ts";
import { tally, type View } from "../../channels/commitments.ts";
import type { HtlcStep } from "../../channels/index.ts";
import type { Commitments } from "../../channels/state.ts";
import { preimage } from "../../src/base/ids.ts";
import { normal } from "../support/channel-pair.ts";
import { act, type Offers, schedule } from "../support/schedule.ts";

/** A channel whose only HTLC, of 1,000,000 msat, stands at `step` and ends by its preimage. */
function at(step: HtlcStep): Commitments {
  const pair = normal();
  pair.offer("a", 1_000_000n, 1);
  const { commitments } = pair.parties.a.funded;
  const [htlc] = commitments.htlcs;
  if (htlc?.side !== "offered") throw new Error("offered");
  const removal = { tag: "fulfilled", preimage: preimage(new Uint8Array(32)) } as const;
  const { origin: _, preimage: __, ...terms } = htlc;
  const one = (RECEIVED_STEPS as readonly string[]).includes(step)
    ? ({ ...terms, side: "received", step, removal } as Commitments["htlcs"][number])
    : ({ ...htlc, step, removal } as Commitments["htlcs"][number]);
  return { ...commitments, htlcs: [one] };
}
/** What each message moves, for an HTLC that we offered: the owner's and the other side's turns alternate. */
const OFFERED_EVENTS: readonly (CommitmentEvent | undefined)[] = [
  "sent_commit",
  "received_revocation",
  "received_commit",
  "sent_revocation",
  undefined,
  "received_commit",
  "sent_revocation",
  "sent_commit",
  "received_revocation",
];
const MIRROR: { readonly [E in CommitmentEvent]: CommitmentEvent } = {
  sent_commit: "received_commit",
  received_commit: "sent_commit",
  sent_revocation: "received_revocation",
  received_revocation: "sent_revocation",
};
const EVENTS = Object.keys(MIRROR) as CommitmentEvent[];

describe("BOLT 2 §Normal Operation: the 20 steps of an HTLC (CONFORMANCE 86)", () => {
  for (const [steps, events] of [
    [OFFERED_STEPS, OFFERED_EVENTS],
    [RECEIVED_STEPS, OFFERED_EVENTS.map((event) => event && MIRROR[event])],
  ] as const)
    for (const [index, step] of steps.slice(0, 9).entries())
      it(`${step} waits for ${events[index] ?? "its removal"}`, () => {
        const before = at(step);
        for (const event of EVENTS) {
          expect(changes(before, event), event).to.equal(event === events[index]);
          const { moved, gone } = move(before, event);
          const now = [...moved, ...gone].map((htlc) => htlc.step);
          expect(now).to.deep.equal(event === events[index] ? [steps[index + 1]] : []);
        }
      });
  it("moves the amount to the other side at the very end, and only with a preimage", () => {
    const offered = move(at("SENT_REMOVE_ACK_COMMIT"), "received_revocation").next;
    expect(offered.balance).to.deep.equal({ local: 599_000_000n, remote: 401_000_000n });
    expect(offered.htlcs).to.deep.equal([]);
    const received = move(at("RECEIVED_REMOVE_ACK_COMMIT"), "sent_revocation").next;
    expect(received.balance).to.deep.equal({ local: 601_000_000n, remote: 399_000_000n });
  });
});

describe("The commitments that one state implies", () => {
  it("agree with what signing and receiving make of them, after any schedule", function () {
    this.timeout(60_000);
    const pairs: readonly (readonly [View, CommitmentEvent, View])[] = [
      ["remote_next", "sent_commit", "remote_signed"],
      ["local_next", "received_commit", "local"],
      ["remote_signed", "received_revocation", "remote"],
    ];
    fc.assert(
      fc.property(schedule(60), (actions) => {
        const pair = normal();
        const offers: Offers = new Map();
        for (const next of actions) {
          act(pair, offers, next);
          for (const party of [pair.parties.a, pair.parties.b]) {
            const { commitments } = party.funded;
            for (const [before, event, after] of pairs)
              expect(tally(commitments, before), before).to.deep.equal(tally(move(commitments, event).next, after));
          }
        }
      }),
      { seed: 10, numRuns: 25 },
    );
  });
});
