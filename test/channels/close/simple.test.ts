import { expect } from "chai";
import fc from "fast-check";
import { closingsOf } from "../../../channels/close/complete.ts";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { Closing } from "../../../channels/state.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { ClosingComplete, ClosingSig } from "../../../src/wire/closing.ts";
import { HEIGHT, type Name, normal, other, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, closingOf, names, proposedBy, shut, simple } from "../../support/closing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const warnings = (pair: Pair, name: Name): readonly string[] =>
  pair.parties[name].take("SendWarning").map(({ text }) => text);
const sent = (pair: Pair, from: Name, name: "closing_complete" | "closing_sig"): readonly ClosingComplete[] =>
  pair.trace.flatMap((one) => (one.from === from && one.message.name === name ? [one.message as ClosingComplete] : []));
const forms = (message: ClosingComplete | ClosingSig | undefined): readonly string[] =>
  Object.keys(message ?? {}).filter((name) => name.includes("output"));
const closing = (pair: Pair, name: Name): Closing => {
  const { state } = pair.parties[name];
  if (state.tag !== "Closing") throw new Error(`${name} is ${state.tag}`);
  return state;
};
const paidTo = (tx: Tx, script: Uint8Array): bigint =>
  tx.outputs.reduce(
    (sum, output) => (output.script === script || toKey(output.script) === toKey(script) ? sum + output.amount : sum),
    0n,
  );
const toKey = (script: Uint8Array): string => Buffer.from(script).toString("hex");

/** Both sides hold the same transactions, and each pays whoever did not make it all that it had. */
function expectClosed(pair: Pair, local = 600_000n, remote = 400_000n): void {
  const txids = (name: Name): readonly string[] => closing(pair, name).simple.complete.map(txidOf).sort();
  expect(txids("a")).to.deep.equal(txids("b"));
  for (const name of ["a", "b"] as const)
    for (const tx of closing(pair, name).simple.complete) {
      const [toA, toB] = [paidTo(tx, SCRIPT.a), paidTo(tx, SCRIPT.b)];
      expect(toA === local || toB === remote, "one side pays the fee").to.equal(true);
      expect(toA <= local && toB <= remote && toA + toB < local + remote).to.equal(true);
    }
}
const closings = (pair: Pair, name: Name): readonly Tx[] => {
  const { txid } = pair.parties[name].funded.params.funding;
  return pair.parties[name].broadcasts.filter(({ inputs }) => inputs.some(({ prevout }) => prevout.txid === txid));
};

describe("BOLT 2 §Closing Negotiation: closing_complete and closing_sig", () => {
  for (const by of ["a", "b"] as const)
    it(`CONFORMANCE 113: each side makes a transaction of its own and signs the other's, when ${by} wants to close`, () => {
      const pair = simple();
      close(pair, by);
      pair.settle();
      expect(names(pair).slice(0, 2)).to.deep.equal([`${by} shutdown`, `${other(by)} shutdown`]);
      expect(names(pair).slice(2).sort()).to.deep.equal([
        "a closing_complete",
        "a closing_sig",
        "b closing_complete",
        "b closing_sig",
      ]);
      expectClosed(pair);
      expect(closing(pair, "a").simple.complete).to.have.length(2);
      for (const name of ["a", "b"] as const)
        expect(new Set(closings(pair, name).map(txidOf))).to.deep.equal(
          new Set(closing(pair, name).simple.complete.map(txidOf)),
        );
    });
  it("CONFORMANCE 106: is replaceable, has the locktime that was proposed, and its maker pays for it", () => {
    const pair = shut(simple());
    tell(pair, "a", proposedBy(pair, "b", { fee: 700n, locktime: HEIGHT - 3 }));
    const [tx] = closing(pair, "a").simple.complete;
    expect(tx && { ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: [] })) }).to.deep.equal({
      version: 2,
      inputs: [
        {
          prevout: pair.parties.a.funded.params.funding,
          scriptSig: new Uint8Array(0),
          sequence: 0xffff_fffd,
          witness: [],
        },
      ],
      outputs: [
        { amount: 399_300n, script: SCRIPT.b },
        { amount: 600_000n, script: SCRIPT.a },
      ],
      locktime: HEIGHT - 3,
    });
  });
  it("pays what a wish of the peer costs at the lowest rate, if the peer can pay for it itself", () => {
    const pair = simple();
    close(pair, "b", 2_000);
    pair.settle();
    const [ours, theirs] = (["a", "b"] as const).map((name) => sent(pair, name, "closing_complete")[0]?.fee_satoshis);
    expect(ours !== undefined && theirs !== undefined && ours * 4n < theirs).to.equal(true);
  });
  it("CONFORMANCE 114: with the feature closing_signed is out of turn, at whatever fee", () => {
    const pair = shut(simple());
    tell(pair, "a", closingOf(pair, "b", sat(339n)));
    expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message closing_signed, state Negotiating"]);
    expect(closings(pair, "a")).to.deep.equal([]);
  });
  it("CONFORMANCE 113: without the feature on this connection its messages are out of turn", () => {
    const pair = normal();
    const message = proposedBy(pair, "b");
    tell(pair, "a", message);
    expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message closing_complete, state Normal"]);
  });

  describe("CONFORMANCE 112: which forms the closer signs", () => {
    const cases: readonly (readonly [string, bigint, readonly string[], readonly string[]])[] = [
      [
        "both have plenty",
        400_000_000n,
        ["closer_output_only", "closer_and_closee_outputs"],
        ["closer_and_closee_outputs"],
      ],
      [
        "both have the same",
        500_000_000n,
        ["closer_output_only", "closer_and_closee_outputs"],
        ["closer_output_only", "closer_and_closee_outputs"],
      ],
      ["the accepter has dust", 250_000n, ["closer_output_only"], ["closee_output_only"]],
      ["the accepter has too little to pay", 400_000n, ["closer_output_only", "closer_and_closee_outputs"], []],
      ["the accepter has nothing", 0n, ["closer_output_only"], []],
      [
        "the opener has less",
        700_000_000n,
        ["closer_and_closee_outputs"],
        ["closer_output_only", "closer_and_closee_outputs"],
      ],
    ];
    for (const [what, push, ofA, ofB] of cases)
      it(`where ${what}`, () => {
        const pair = simple({ push });
        close(pair, "a");
        pair.settle();
        expect(forms(sent(pair, "a", "closing_complete")[0])).to.deep.equal(ofA);
        expect(forms(sent(pair, "b", "closing_complete")[0])).to.deep.equal(ofB);
        for (const name of ["a", "b"] as const) expect(closing(pair, name).simple.complete.length).to.be.greaterThan(0);
      });
  });

  describe("CONFORMANCE 112: which form the closee signs", () => {
    const answered = (signed: Parameters<typeof proposedBy>[2], push = 400_000_000n, closee: Name = "a") => {
      const pair = shut(simple({ push }));
      tell(pair, closee, proposedBy(pair, other(closee), signed));
      return { pair, forms: forms(sent(pair, closee, "closing_sig")[0]), warned: warnings(pair, closee) };
    };
    it("both outputs, whatever else is signed", () => {
      const { forms: chosen, pair } = answered({ forms: ["closer", "closee", "both"] });
      expect(chosen).to.deep.equal(["closer_and_closee_outputs"]);
      expect(paidTo(closing(pair, "a").tx, SCRIPT.a)).to.equal(600_000n);
    });
    it("its own alone, where the closer leaves out the other", () => {
      const { forms: chosen, pair } = answered({ forms: ["closer", "closee"] });
      expect(chosen).to.deep.equal(["closee_output_only"]);
      expect(paidTo(closing(pair, "a").tx, SCRIPT.a)).to.equal(600_000n);
    });
    it("the closer's alone only where its own is dust", () => {
      const { forms: chosen } = answered({ forms: ["closer", "closee", "both"] }, 250_000n, "b");
      expect(chosen).to.deep.equal(["closer_output_only"]);
    });
    it("none that takes its output away", () => {
      const { pair, warned } = answered({ forms: ["closer"] });
      expect(warned).to.deep.equal(["wrong closing forms"]);
      expect(pair.parties.a.state.tag).to.equal("Negotiating");
      expect(closings(pair, "a")).to.deep.equal([]);
    });
    it("none where its own is dust and the closer insists on it", () => {
      expect(answered({ forms: ["both", "closee"] }, 250_000n, "b").warned).to.deep.equal(["wrong closing forms"]);
    });
    it("none without a signature", () => {
      expect(answered({ forms: [] }).warned).to.deep.equal(["wrong closing forms"]);
    });
  });

  it("CONFORMANCE 106: what the peer turns into data it gives to miners, and we have all that is ours", () => {
    const pair = shut(simple());
    const data = Uint8Array.of(0x6a, 6, 1, 2, 3, 4, 5, 6);
    tell(pair, "a", proposedBy(pair, "b", { closerScript: data }));
    expect(closing(pair, "a").tx.outputs).to.deep.equal([
      { amount: 0n, script: data },
      { amount: 600_000n, script: SCRIPT.a },
    ]);
  });
});

describe("BOLT 2 §Closing Negotiation: closing_complete and closing_sig: any balance, any fee", () => {
  it("leaves each side what it had, less the fee that it proposed itself", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 980_000_000n }),
        fc.integer({ min: 253, max: 50_000 }),
        fc.boolean(),
        (push, feerate, byA) => {
          const pair = simple({ push });
          close(pair, byA ? "a" : "b", feerate);
          pair.settle();
          for (const name of ["a", "b"] as const) {
            const { balance } = pair.parties[name].funded.commitments;
            const fees = new Map(sent(pair, name, "closing_complete").map((own) => [own.fee_satoshis, own]));
            for (const tx of closing(pair, name).simple.complete) {
              const own = paidTo(tx, SCRIPT[name]);
              const least = [...fees.keys()].reduce((most, fee) => (fee > most ? fee : most), 0n);
              expect(own >= balance.local / 1_000n - least || balance.local / 1_000n - least < 294n).to.equal(true);
              expect(tx.outputs.every(({ amount }) => amount >= 294n)).to.equal(true);
            }
          }
          expect(closingsOf(closing(pair, "a")).map(txidOf)).to.have.members(
            closingsOf(closing(pair, "b")).map(txidOf),
          );
        },
      ),
      { seed: 11, numRuns: 60 },
    );
  });
  it("is never taken for a commitment, whatever locktime the peer chooses", () => {
    const pair = shut(simple());
    const locktime = 0x2000_0001;
    tell(pair, "a", proposedBy(pair, "b", { locktime }));
    const [tx] = pair.parties.a.broadcasts.filter((one) => one.locktime === locktime);
    if (tx === undefined) throw new Error("signed");
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
    expect(closing(pair, "a").confirmed).to.deep.equal({ txid: txidOf(tx), height: HEIGHT + 10 });
  });
  it("offers nothing where the features of a later connection do not have it, and closes the old way", () => {
    const pair = shut(simple());
    pair.disconnect();
    pair.features = pair.features.filter((bit) => bit !== 60);
    pair.connect();
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
    expect(closing(pair, "a").tx.inputs[0]?.sequence).to.equal(0xffff_ffff);
    expect(closing(pair, "a").simple.complete).to.deep.equal([]);
  });
});
