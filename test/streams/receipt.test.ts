import { expect } from "chai";
import fc from "fast-check";
import { msat } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { hasSigned, receiptDigest, receiptOf } from "../../src/streams/receipt.ts";
import { addSlot, addSlots, countSlots, hasSlot, listSlots, type SlotSet } from "../../src/streams/slots.ts";
import { NODES, PREIMAGE, SECRETS } from "../payments/fixture.ts";
import { SESSION, TERMS } from "./pair.ts";

const ACCOUNT = { sequence: 2n, units: 5, paid: msat(5_000n), firstPreimage: PREIMAGE, lastPreimage: PREIMAGE };
const RECEIPT = receiptOf(SESSION, NODES.self, TERMS, ACCOUNT);

describe("a receipt", () => {
  it("is signed by the node that it is checked for, and by no other", () => {
    const signature = secp256k1.sign(receiptDigest(RECEIPT), SECRETS.dave);
    expect([hasSigned(RECEIPT, NODES.dave, signature), hasSigned(RECEIPT, NODES.self, signature)]).to.deep.equal([
      true,
      false,
    ]);
  });
  it("is another one when any field differs", () => {
    const changed = [
      { ...RECEIPT, paid: msat(5_001n) },
      { ...RECEIPT, units: 6 },
      { ...RECEIPT, ticks: 3n },
      { ...RECEIPT, stream: "other" },
      { ...RECEIPT, payer: NODES.bob },
      { ...RECEIPT, firstPreimage: undefined },
    ];
    const signature = secp256k1.sign(receiptDigest(RECEIPT), SECRETS.dave);
    expect(changed.map((receipt) => hasSigned(receipt, NODES.dave, signature))).to.deep.equal(Array(6).fill(false));
  });
});

describe("a set of slots", () => {
  it("is one run for who watches from the start, and joins runs that come to touch", () => {
    expect(
      addSlots(
        [],
        Array.from({ length: 10_000 }, (_, slot) => slot),
      ),
    ).to.deep.equal([[0, 9_999]]);
    expect(
      addSlot(
        [
          [0, 1],
          [3, 4],
        ],
        2,
      ),
    ).to.deep.equal([[0, 4]]);
  });
  it("holds exactly what was put into it, in runs that ascend and do not touch", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 })), (slots) => {
        const set: SlotSet = addSlots([], slots);
        const expected = [...new Set(slots)].sort((a, b) => a - b);
        expect(listSlots(set)).to.deep.equal(expected);
        expect(countSlots(set)).to.equal(expected.length);
        expect(expected.every((slot) => hasSlot(set, slot)) && !hasSlot(set, 31)).to.equal(true);
        for (const [at, [first]] of set.entries()) {
          if (at > 0) expect(first - (set[at - 1]?.[1] ?? 0)).to.be.greaterThan(1);
        }
      }),
      { seed: 61, numRuns: 200 },
    );
  });
});
