import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type Preimage, paymentHash } from "../../src/base/ids.ts";
import { cltvExpiry, msat } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { FinalHtlc } from "../../src/payments/invoice-record.ts";
import {
  closePayee,
  judgeTick,
  offerTicks,
  type PayeeSession,
  pausePayee,
  resumePayee,
} from "../../src/streams/payee.ts";
import { sessionId } from "../../src/streams/session.ts";
import { encodeTickRecord, findTickRecord, openOffer } from "../../src/streams/ticket.ts";
import { CHANNEL, later, OTHER_CHANNEL, T0 } from "../payments/fixture.ts";
import { opened } from "../payments/opened.ts";
import { HEIGHT, htlcFor, PAYEE_SECRETS, Pair, SESSION } from "./pair.ts";

/** A session with one tick of one unit offered, and the HTLC that pays it. */
function offered() {
  const pair = new Pair();
  pair.want(0);
  pair.answerOffers();
  const [request] = pair.payments;
  if (request === undefined) throw new Error("a tick is paid");
  return { pair, htlc: htlcFor(request, 0n) };
}
const withPayload = (htlc: FinalHtlc, change: Partial<FinalHtlc["payload"]>): FinalHtlc => ({
  ...htlc,
  payload: { ...htlc.payload, ...change },
});
const tick = (sequence: bigint, cumulative: bigint, session = SESSION) => [
  encodeTickRecord({ session, sequence, cumulative: msat(cumulative) }),
];
/** What the payee does with it: whether it was refused like everything else, and whether its session is as before. */
function answer(session: PayeeSession, htlc: FinalHtlc, height = HEIGHT, isBehind = false) {
  const record = findTickRecord(htlc.payload.customRecords);
  if (record === undefined) throw new Error("no tick");
  return judgeTick({ height, isBehind }, session, PAYEE_SECRETS, record, htlc);
}
const uniform = (htlc: FinalHtlc, height: number = HEIGHT) => ({
  name: "incorrect_or_unknown_payment_details",
  htlc_msat: htlc.amount,
  height,
});

describe("a tick at the payee", () => {
  it("is refused for now by a height that is not the chain's, and fulfilled again if it was taken before", () => {
    const { pair, htlc } = offered();
    const { next, effects } = answer(pair.payee, htlc, HEIGHT, true);
    expect(next).to.equal(pair.payee);
    expect(effects.map(opened(htlc.sharedSecret))).to.deep.equal([{ name: "temporary_node_failure" }]);
    const [fulfilled] = pair.arrive(htlc);
    expect(answer(pair.payee, htlc, HEIGHT, true).effects).to.deep.equal([fulfilled]);
  });
  it("is fulfilled when it is the next one, exactly as offered", () => {
    const { pair, htlc } = offered();
    const [fulfilled, settled] = pair.arrive(htlc);
    if (fulfilled?.tag !== "FulfillHtlc") throw new Error("fulfilled");
    expect(toHex(sha256(fromHex(fulfilled.preimage)))).to.equal(htlc.paymentHash);
    expect(settled).to.deep.equal({ tag: "TickSettled", session: SESSION, slots: [0], amount: 1_000n });
    expect(pair.payee).to.deep.include({
      account: {
        sequence: 1n,
        units: 1,
        paid: 1_000n,
        firstPreimage: fulfilled.preimage,
        lastPreimage: fulfilled.preimage,
      },
      surplus: 0n,
      unlocked: [[0, 0]],
      lastHtlc: { channelId: CHANNEL, htlcId: 0n },
    });
  });
  it("may bring up to twice what is due: the account counts what is due, the rest is shown apart", () => {
    const { pair, htlc } = offered();
    pair.arrive(
      withPayload({ ...htlc, amount: msat(2_000n) }, { amtToForward: msat(2_000n), totalMsat: msat(2_000n) }),
    );
    expect([pair.payee.account.paid, pair.payee.surplus]).to.deep.equal([1_000n, 1_000n]);
  });

  const { pair: sample, htlc } = offered();
  const session = sample.payee;
  const paid = (amount: bigint) =>
    withPayload({ ...htlc, amount: msat(amount) }, { amtToForward: msat(amount), totalMsat: msat(amount) });
  const wrong: Readonly<Record<string, FinalHtlc>> = {
    "with no secret": withPayload(htlc, { paymentSecret: undefined }),
    "with another secret": withPayload(htlc, { paymentSecret: new Uint8Array(32) }),
    "with 1 msat": paid(1n),
    "with 1 msat less than due": paid(999n),
    "with more than twice what is due": paid(2_001n),
    "of which this is only a part": withPayload(htlc, { totalMsat: msat(2_000n) }),
    "with a sequence already paid or not yet due": withPayload(htlc, { customRecords: tick(1n, 1_000n) }),
    "with a running total above the account": withPayload(htlc, { customRecords: tick(0n, 1_001n) }),
    "with a running total below the account": withPayload(htlc, { customRecords: tick(0n, 999n) }),
    "for another session": withPayload(htlc, { customRecords: tick(0n, 1_000n, sessionId(new Uint8Array(32))) }),
    "under another hash": { ...htlc, paymentHash: paymentHash(new Uint8Array(32)) },
    "that expires too soon": { ...htlc, expiry: cltvExpiry(117) },
    "that expires in years": { ...htlc, expiry: cltvExpiry(100 + 2_017) },
  };
  for (const [how, bad] of Object.entries(wrong)) {
    it(`is refused ${how}, as everything is, and changes nothing`, () => {
      const { next, effects } = answer(session, bad);
      expect(next).to.equal(session);
      expect(effects.map(opened(bad.sharedSecret))).to.deep.equal([uniform(bad)]);
    });
  }
  it("is refused on an offer that a newer one has replaced, and on a tick that is offered but not yet next", () => {
    const { pair, htlc: first } = offered();
    const again = offerTicks(pair.payee, PAYEE_SECRETS, { sequence: 0n, attempt: 9, ticks: [[0], [1]] });
    if (!again.ok) throw new Error(again.error.code);
    expect(answer(again.value.next, first).effects.map(opened(first.sharedSecret))).to.deep.equal([uniform(first)]);
    const hash = again.value.offers[1]?.paymentHash ?? first.paymentHash;
    const early = withPayload({ ...first, paymentHash: hash }, { customRecords: tick(1n, 2_000n) });
    expect(answer(again.value.next, early).effects.map(opened(early.sharedSecret))).to.deep.equal([uniform(early)]);
  });
  it("is refused by a closed session and taken by a paused one", () => {
    expect(answer(closePayee(session, T0), htlc).effects.map(opened(htlc.sharedSecret))).to.deep.equal([uniform(htlc)]);
    const onlyClosed = { ...session, state: "closed" as const };
    expect(answer(onlyClosed, htlc).effects.map(opened(htlc.sharedSecret))).to.deep.equal([uniform(htlc)]);
    expect(answer(pausePayee(session), htlc).effects[0]?.tag).to.equal("FulfillHtlc");
  });
  it("is fulfilled again when the same HTLC is seen again after a crash, and counted once", () => {
    const { pair, htlc: same } = offered();
    const [before] = pair.arrive(same);
    const after = pair.payee;
    expect(pair.arrive(same)).to.deep.equal([before]);
    expect(pair.payee).to.deep.equal(after);
  });
  it("is refused when another HTLC brings it a second time", () => {
    const { pair, htlc: first } = offered();
    pair.arrive(first);
    const second = { ...first, channelId: OTHER_CHANNEL };
    expect(answer(pair.payee, second).effects.map(opened(second.sharedSecret))).to.deep.equal([uniform(second)]);
  });
  it("tells a hop that kept some of it, since that hop cannot know the secret", () => {
    const kept = answer(session, { ...htlc, amount: msat(999n) });
    expect(kept.effects.map(opened(htlc.sharedSecret))).to.deep.equal([
      { name: "final_incorrect_htlc_amount", incoming_htlc_amt: 999n },
    ]);
    const cut = answer(session, withPayload(htlc, { outgoingCltvValue: cltvExpiry(119) }));
    expect(cut.effects.map(opened(htlc.sharedSecret))).to.deep.equal([
      { name: "final_incorrect_cltv_expiry", cltv_expiry: 118 },
    ]);
  });
});

describe("a router that wants a preimage for less", () => {
  it("gets none and learns nothing from a thousand tries: every answer is the same", () => {
    const { pair, htlc } = offered();
    const before = pair.payee;
    const answers = new Set<string>();
    for (let amount = 1n; amount < 1_000n; amount++) {
      // It holds the real onion of the tick and a hash; the secret it can only guess.
      const guess = new Uint8Array(32).fill(Number(amount % 256n));
      const stolen = withPayload(
        { ...htlc, amount: msat(1_000n) },
        { paymentSecret: guess, amtToForward: msat(amount), totalMsat: msat(amount) },
      );
      const { next, effects } = answer(pair.payee, stolen);
      expect(next).to.equal(before);
      answers.add(JSON.stringify(effects.map(opened(htlc.sharedSecret)), (_, value) => String(value)));
    }
    expect(answers.size).to.equal(1);
    expect(pair.settle()).to.equal("Succeeded");
  });
});

describe("offers at the payee", () => {
  const ask = (session: PayeeSession, ticks: readonly (readonly number[])[], sequence = 0n) => {
    const made = offerTicks(session, PAYEE_SECRETS, { sequence, attempt: 1, ticks });
    return made.ok ? made.value.offers.map(({ slots }) => slots.map(({ slot }) => slot)) : made.error;
  };
  const { payee } = new Pair();
  it("are made for exactly the ticks asked for", () => {
    expect(ask(payee, [[0], [1, 2], [3]])).to.deep.equal([[0], [1, 2], [3]]);
  });
  it("are refused for another sequence, with the account as it stands", () => {
    expect(ask(payee, [[0]], 1n)).to.deep.equal({ code: "out_of_sequence", sequence: 0n, paid: 0n });
  });
  it("are refused for slots twice, past the end, paid or free, for too many and for none", () => {
    const { pair } = offered();
    pair.settle();
    const free = { ...payee, terms: { ...payee.terms, freeUnits: 2 } };
    const refused = [
      ask(payee, [[0], [0]]),
      ask(payee, [[0, 0]]),
      ask(payee, [[20]]),
      ask(pair.payee, [[0]], 1n),
      ask(free, [[1]]),
      ask(payee, [[0, 1, 2, 3, 4]]),
      ask(payee, [[]]),
      ask(payee, []),
      ask(
        payee,
        Array.from({ length: 17 }, (_, slot) => [slot]),
      ),
    ];
    expect(refused.map((fault) => "code" in fault && fault.code)).to.deep.equal(Array(9).fill("bad_slots"));
  });
  it("are refused by a closed session, which resuming does not open again", () => {
    expect(ask(resumePayee(closePayee(payee, later(1))), [[0]])).to.deep.equal({ code: "session_closed" });
  });
  it("have a hash of their own for each slots, attempt, sequence and session", () => {
    const hashes = new Set<string>();
    for (const attempt of [1, 2]) {
      for (const ticks of [[[0], [1]], [[0, 1]], [[1], [0]]]) {
        const made = offerTicks(payee, PAYEE_SECRETS, { sequence: 0n, attempt, ticks });
        if (!made.ok) throw new Error(made.error.code);
        for (const { paymentHash: hash } of made.value.offers) hashes.add(hash);
      }
    }
    expect(hashes.size).to.equal(10);
  });
  it("wrap the keys of one tick so that knowing one of them gives no other", () => {
    const made = offerTicks(payee, PAYEE_SECRETS, { sequence: 0n, attempt: 1, ticks: [[0, 1]] });
    if (!made.ok) throw new Error(made.error.code);
    const [first, second] = made.value.offers[0]?.slots.map(({ wrappedKey }) => BigInt(`0x${toHex(wrappedKey)}`)) ?? [];
    const { pair } = offered();
    pair.want(1);
    pair.run();
    const [k0, k1] = [0, 1].map((slot) => BigInt(`0x${toHex(pair.keys.get(slot) ?? new Uint8Array(1))}`));
    if (first === undefined || second === undefined || k0 === undefined || k1 === undefined)
      throw new Error("two keys");
    expect(first ^ second).to.not.equal(k0 ^ k1);
  });
  it("open with their own preimage only", () => {
    const made = offerTicks(payee, PAYEE_SECRETS, { sequence: 0n, attempt: 1, ticks: [[0]] });
    const [offer] = made.ok ? made.value.offers : [];
    if (offer === undefined) throw new Error("an offer");
    expect(() => openOffer(offer, "00".repeat(32) as Preimage)).to.throw("the preimage is the offer's own");
  });
});

describe("the record of a tick", () => {
  it("stands in an odd record of applications and comes back as it was", () => {
    const [record] = tick(5n, 6_000n);
    expect(record?.type).to.equal(658_112_311n);
    expect(findTickRecord(tick(5n, 6_000n))).to.deep.equal({ session: SESSION, sequence: 5n, cumulative: 6_000n });
  });
  it("is not found where it is cut short or absent", () => {
    const [record] = tick(5n, 6_000n);
    if (record === undefined) throw new Error("a record");
    expect(findTickRecord([{ ...record, value: record.value.subarray(1) }])).to.equal(undefined);
    expect(findTickRecord([{ ...record, type: 658_112_313n }])).to.equal(undefined);
  });
});
