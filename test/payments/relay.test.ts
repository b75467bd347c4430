import { expect } from "chai";
import fc from "fast-check";
import { createFailure, type ForwardPolicy, readFailure, wrapFailure } from "../../routing/index.ts";
import type { Preimage } from "../../src/base/ids.ts";
import { blockHeight, cltvExpiry, msat } from "../../src/base/units.ts";
import { encode } from "../../src/codec/codec.ts";
import type { Circuit, ForwardRequest, RelayInput } from "../../src/payments/circuit.ts";
import { circuitRecord } from "../../src/payments/circuit-codec.ts";
import { addForward, EMPTY_TALLY, tallyKey, tallyRecord } from "../../src/payments/forward-tally.ts";
import { forwardHtlc, type RelayEnv, stepRelay } from "../../src/payments/relay.ts";
import { CHANNEL, HASH, later, PREIMAGE, SCIDS, stored, T0 } from "./fixture.ts";
import { opened } from "./opened.ts";

const POLICY: ForwardPolicy = {
  feeBaseMsat: 0,
  feeProportionalMillionths: 10_000,
  cltvExpiryDelta: 40,
  htlcMinimum: msat(1n),
  htlcMaximum: msat(1_000_000n),
  enabled: true,
};
const ENV: RelayEnv = {
  height: blockHeight(100),
  policy: POLICY,
  margin: 9,
  outgoingHeld: false,
  isTipStale: false,
  mustFail: false,
};
const INCOMING = { channelId: CHANNEL, htlcId: 3n };
const OUR_SECRET = new Uint8Array(32).fill(2);
const NEXT_SECRET = new Uint8Array(32).fill(4);
const REQUEST: ForwardRequest = {
  ...INCOMING,
  amount: msat(1_010n),
  paymentHash: HASH,
  expiry: cltvExpiry(198),
  sharedSecret: OUR_SECRET,
  payload: { amtToForward: msat(1_000n), outgoingCltvValue: cltvExpiry(158), shortChannelId: SCIDS.carol },
  onion: new Uint8Array(1366).fill(1),
};
const OFFER = {
  tag: "OfferForward",
  incoming: INCOMING,
  shortChannelId: SCIDS.carol,
  amount: 1_000n,
  expiry: 158,
  paymentHash: HASH,
  onion: REQUEST.onion,
};
const FULFILL = { tag: "FulfillHtlc", ...INCOMING, preimage: PREIMAGE };
const circuit = (): Circuit => {
  const { next } = forwardHtlc(ENV, undefined, REQUEST);
  if (next === undefined) throw new Error("a circuit");
  return stored(circuitRecord, next);
};
function step(given: Circuit | undefined, input: RelayInput) {
  const { next, effects } = stepRelay(given, INCOMING, input);
  return { next: next && stored(circuitRecord, next), effects };
}
const SETTLED: RelayInput = { tag: "Settled", preimage: PREIMAGE };
const TEMPORARY = { name: "temporary_channel_failure", channel_update: new Uint8Array(0) } as const;
const FAILED: RelayInput = {
  tag: "Failed",
  failure: { tag: "failed", reason: createFailure(NEXT_SECRET, TEMPORARY) },
};

describe("BOLT 2 §Forwarding HTLCs: the forwarding node", () => {
  it("offers the HTLC that the onion asks for, and has its circuit in the same step", () => {
    const { next, effects } = forwardHtlc(ENV, undefined, REQUEST);
    expect(effects).to.deep.equal([OFFER]);
    expect(next).to.deep.equal({
      incoming: { ...INCOMING, amount: 1_010n, expiry: 198 },
      outgoing: { shortChannelId: SCIDS.carol, amount: 1_000n, expiry: 158 },
      paymentHash: HASH,
      sharedSecret: OUR_SECRET,
      status: { tag: "Offered" },
    });
  });
  it("fails at once, without circuit, what its policy does not allow or what goes nowhere", () => {
    const refusals = [
      forwardHtlc({ ...ENV, policy: undefined }, undefined, REQUEST),
      forwardHtlc(ENV, undefined, { ...REQUEST, amount: msat(1_009n) }),
      forwardHtlc(ENV, undefined, { ...REQUEST, expiry: cltvExpiry(197) }),
      forwardHtlc({ ...ENV, policy: { ...POLICY, enabled: false } }, undefined, REQUEST),
    ];
    const named = refusals.map(({ next, effects }) => [
      next,
      effects.map((effect) => nameOf(opened(OUR_SECRET)(effect))),
    ]);
    expect(named).to.deep.equal([
      [undefined, ["unknown_next_peer"]],
      [undefined, ["fee_insufficient"]],
      [undefined, ["incorrect_cltv_expiry"]],
      [undefined, ["channel_disabled"]],
    ]);
  });
  it("B24: passes nothing new on while no block comes, and settles what is out as always", () => {
    const stale = { ...ENV, isTipStale: true };
    const told = (existing: Circuit | undefined, outgoingHeld: boolean) => {
      const { next, effects } = forwardHtlc({ ...stale, outgoingHeld }, existing, REQUEST);
      return [next, effects.map((effect) => nameOf(opened(OUR_SECRET)(effect)))];
    };
    expect(told(undefined, false)).to.deep.equal([undefined, ["temporary_node_failure"]]);
    expect(told(circuit(), false)).to.deep.equal([undefined, ["temporary_node_failure"]]);
    expect(told(circuit(), true)).to.deep.equal([circuit(), []]);
    const fulfilled = step(circuit(), SETTLED).next;
    expect(forwardHtlc(stale, fulfilled, REQUEST)).to.deep.equal({ next: fulfilled, effects: [FULFILL] });
  });
  it("passes on nothing that has to fail, and does not fail what is out: downstream may yet be paid for it", () => {
    const over = { ...ENV, mustFail: true };
    const told = (existing: Circuit | undefined, outgoingHeld: boolean) => {
      const { next, effects } = forwardHtlc({ ...over, outgoingHeld }, existing, REQUEST);
      return [next, effects.map((effect) => nameOf(opened(OUR_SECRET)(effect)))];
    };
    expect(told(undefined, false)).to.deep.equal([undefined, ["temporary_channel_failure"]]);
    expect(told(circuit(), false)).to.deep.equal([undefined, ["temporary_channel_failure"]]);
    expect(told(circuit(), true)).to.deep.equal([circuit(), []]);
    const fulfilled = step(circuit(), SETTLED).next;
    expect(forwardHtlc(over, fulfilled, REQUEST)).to.deep.equal({ next: fulfilled, effects: [FULFILL] });
  });
  it("gives the preimage upstream at once, whatever else is still open downstream", () => {
    const { next, effects } = step(circuit(), SETTLED);
    expect(next?.status).to.deep.equal({ tag: "Fulfilled", preimage: PREIMAGE });
    expect(effects).to.deep.equal([FULFILL, { tag: "Forwarded", circuit: next, outcome: "settled" }]);
  });
  it("never fails upstream what has a known preimage (RELIABILITY C2)", () => {
    const fulfilled = step(circuit(), SETTLED).next;
    for (const input of [FAILED, { tag: "Refused", code: "no_channel" }] as const) {
      expect(step(fulfilled, input)).to.deep.equal({ next: fulfilled, effects: [] });
    }
  });
  it("gives the preimage upstream even when it has failed before, or knows no circuit any more", () => {
    const failed = step(circuit(), FAILED).next;
    expect(step(failed, SETTLED).effects[0]).to.deep.equal(FULFILL);
    expect(step(undefined, SETTLED)).to.deep.equal({ next: undefined, effects: [FULFILL] });
  });
  it("does not believe a preimage of another hash", () => {
    expect(() => step(circuit(), { tag: "Settled", preimage: "00".repeat(32) as Preimage })).to.throw(
      "checked the preimage",
    );
  });
  it("wraps a failure from downstream so that the sender reads who said it", () => {
    const { effects } = step(circuit(), FAILED);
    const [failed] = effects;
    if (failed?.tag !== "FailHtlc") throw new Error("failed upstream");
    expect(readFailure([OUR_SECRET, NEXT_SECRET], failed.reason)).to.deep.equal({
      tag: "Attributed",
      hop: 1,
      failure: TEMPORARY,
    });
    expect(failed.reason).to.deep.equal(wrapFailure(OUR_SECRET, createFailure(NEXT_SECRET, TEMPORARY)));
  });
  it("reports a peer that could not read the onion as its own failure", () => {
    const sha256OfOnion = new Uint8Array(32).fill(8);
    const { effects } = step(circuit(), { tag: "Failed", failure: { tag: "malformed", code: 0xc005, sha256OfOnion } });
    expect(opened(OUR_SECRET)(effects[0] ?? { tag: "" })).to.deep.equal({
      name: "invalid_onion_hmac",
      sha256_of_onion: sha256OfOnion,
    });
  });
  it("keeps balances to itself when its channel refuses", () => {
    const said = (
      ["insufficient_balance", "not_connected", "too_many_htlcs", "no_channel", "shutting_down"] as const
    ).map((code) => nameOf(opened(OUR_SECRET)(step(circuit(), { tag: "Refused", code }).effects[0] ?? { tag: "" })));
    expect(said).to.deep.equal([
      "temporary_channel_failure",
      "temporary_channel_failure",
      "temporary_channel_failure",
      "unknown_next_peer",
      "permanent_channel_failure",
    ]);
  });
});

describe("a circuit after a restart", () => {
  const retold = (existing: Circuit | undefined, outgoingHeld: boolean) =>
    forwardHtlc({ ...ENV, outgoingHeld }, existing, REQUEST);
  it("waits when the outgoing HTLC exists, and offers again when it never left", () => {
    const offered = circuit();
    expect(retold(offered, true)).to.deep.equal({ next: offered, effects: [] });
    expect(retold(offered, false)).to.deep.equal({ next: offered, effects: [OFFER] });
  });
  it("fails what never left when it may no longer be forwarded", () => {
    const { next, effects } = forwardHtlc({ ...ENV, height: blockHeight(150) }, circuit(), REQUEST);
    expect([next, nameOf(opened(OUR_SECRET)(effects[0] ?? { tag: "" }))]).to.deep.equal([undefined, "expiry_too_soon"]);
  });
  it("says again how it ended", () => {
    const fulfilled = step(circuit(), SETTLED).next;
    const failed = step(circuit(), FAILED);
    expect(retold(fulfilled, false).effects).to.deep.equal([FULFILL]);
    expect(retold(failed.next, false).effects).to.deep.equal(failed.effects.slice(0, 1));
  });
  it("is removed when the incoming HTLC is gone and the outgoing one has ended, and not before", () => {
    const removed: RelayInput = { tag: "IncomingRemoved" };
    const offered = circuit();
    expect(step(offered, removed).next).to.deep.equal(offered);
    expect(step(step(offered, SETTLED).next, removed).next).to.equal(undefined);
    expect(step(step(offered, FAILED).next, removed).next).to.equal(undefined);
  });
});

describe("a forward, whatever comes in whatever order", () => {
  it("CONFORMANCE 133: is resolved upstream in one way only, and by the preimage if one ever came, and only then", () => {
    const inputs = fc.constantFrom<RelayInput>(SETTLED, FAILED, { tag: "Refused", code: "not_open" });
    fc.assert(
      fc.property(fc.array(inputs, { minLength: 1, maxLength: 8 }), (sequence) => {
        let state: Circuit | undefined = circuit();
        const tags: string[] = [];
        for (const input of sequence) {
          const stepped: ReturnType<typeof step> = step(state, input);
          state = stepped.next;
          tags.push(...stepped.effects.map(({ tag }) => tag));
        }
        const settled = sequence.some(({ tag }) => tag === "Settled");
        expect(state?.status.tag).to.equal(settled ? "Fulfilled" : "Failed");
        expect(tags.includes("FulfillHtlc")).to.equal(settled);
        expect(tags.lastIndexOf("FailHtlc") <= (settled ? tags.indexOf("FulfillHtlc") : tags.length)).to.equal(true);
        expect(tags.filter((tag) => tag === "FailHtlc").length <= 1).to.equal(true);
      }),
      { seed: 22, numRuns: 200 },
    );
  });
});

describe("the history of forwards", () => {
  it("counts settled and failed ones and their amounts in one small record", () => {
    let tally = EMPTY_TALLY;
    for (const outcome of ["settled", "failed", "settled"] as const) {
      tally = stored(tallyRecord, addForward(tally, circuit(), outcome));
    }
    expect(tally).to.deep.equal({ settled: 2, failed: 1, amountIn: 2_020n, amountOut: 2_000n });
    expect(encode(tallyRecord, tally)).to.have.length(25);
  });
  it("has one record for a pair of channels and an hour", () => {
    const at = (ms: number) => tallyKey(later(ms), CHANNEL, SCIDS.carol);
    expect(tallyKey(T0, CHANNEL, SCIDS.carol)).to.equal(`0000472222/${CHANNEL}/2x1x0`);
    expect([at(0) === at(1_000), at(0) === at(3_600_000)]).to.deep.equal([true, false]);
  });
});

function nameOf(failure: unknown): unknown {
  return typeof failure === "object" && failure !== null && "name" in failure ? failure.name : failure;
}
