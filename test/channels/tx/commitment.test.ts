import { expect } from "chai";
import fc from "fast-check";
import {
  buildCommitment,
  type CommitmentHtlc,
  type CommitmentSpec,
  compareOutputs,
  openerCanPay,
} from "../../../channels/tx/commitment.ts";
import { COMMITMENT_NUMBER_MAX, commitmentNumberOf, obscureNumber } from "../../../channels/tx/commitment-number.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { commitmentFee, openerCost } from "../../../channels/tx/weights.ts";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { paymentHash } from "../../../src/base/ids.ts";
import { cltvExpiry, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { hash160, sha256 } from "../../../src/crypto/hash.ts";
import { alice, bob, CAPACITY, keysOf, specs, termsOf } from "./two-sides.ts";

const FORMATS: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];
const terms = termsOf(alice, bob, alice, "anchors");
const keys = keysOf(alice, bob, 3n);
const spec = (toLocal: bigint, htlcs: readonly CommitmentHtlc[] = [], feerate = 1000): CommitmentSpec => ({
  toLocal: msat(toLocal),
  toRemote: msat(CAPACITY * 1000n - toLocal - htlcs.reduce((sum, htlc) => sum + htlc.amount, 0n)),
  htlcs,
  feerate: satPerKw(feerate),
});
const offered = (id: bigint, amount: bigint, expiry = 500): CommitmentHtlc => ({
  id,
  side: "offered",
  amount: msat(amount),
  paymentHash: paymentHash(new Uint8Array(32)),
  expiry: cltvExpiry(expiry),
});
const roles = (of: CommitmentSpec, under = terms): readonly string[] =>
  buildCommitment(under, keys, 3n, of).outputs.map((output) => output.role.tag);

describe("BOLT 3 §Commitment Transaction Outputs", () => {
  it("CONFORMANCE 94: conserves every msat: outputs, nominal fee, trimmed, dust and rounding make the capacity", () => {
    fc.assert(
      fc.property(specs, fc.constantFrom(...FORMATS), (one, format) => {
        const under = termsOf(alice, bob, alice, format);
        const { outputs, htlcs, trimmed, fee } = buildCommitment(under, keys, 3n, one);
        const paid = outputs.reduce((sum, output) => sum + output.amount, 0n);
        expect(paid + fee).to.equal(CAPACITY);
        expect(htlcs.length + trimmed.length).to.equal(one.htlcs.length);
        const has = (tag: string): boolean => outputs.some((output) => output.role.tag === tag);
        const nominal = commitmentFee(htlcs.length, one.feerate, format);
        const anchorsLeftOut = format === "anchors" ? [has("to_local_anchor"), has("to_remote_anchor")] : [];
        const lost =
          trimmed.reduce((sum, htlc) => sum + htlc.amount, 0n) +
          htlcs.reduce((sum, { htlc }) => sum + (htlc.amount % 1000n), 0n) +
          BigInt(anchorsLeftOut.filter((there) => !there).length) * 330_000n +
          (has("to_local")
            ? one.toLocal % 1000n
            : one.toLocal - (nominal + (format === "anchors" ? 660n : 0n)) * 1000n) +
          (has("to_remote") ? one.toRemote % 1000n : one.toRemote);
        expect(fee * 1000n).to.equal(nominal * 1000n + lost);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("is the same transaction in whatever order the HTLCs are listed", () => {
    fc.assert(
      fc.property(specs, fc.constantFrom(...FORMATS), (one, format) => {
        const shuffled = { ...one, htlcs: [...one.htlcs].reverse() };
        const byOwner = buildCommitment(termsOf(alice, bob, alice, format), keys, 3n, one);
        const byOther = buildCommitment(termsOf(alice, bob, alice, format), keys, 3n, shuffled);
        expect(byOther.txid).to.equal(byOwner.txid);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it("orders outputs by value, script and expiry, and HTLCs as their outputs (CONFORMANCE 99)", () => {
    fc.assert(
      fc.property(specs, fc.constantFrom(...FORMATS), (one, format) => {
        const { outputs, htlcs, tx } = buildCommitment(termsOf(alice, bob, bob, format), keys, 3n, {
          ...one,
          toLocal: one.toRemote,
          toRemote: one.toLocal,
        });
        expect([...outputs].sort(compareOutputs)).to.deep.equal(outputs);
        expect(tx.outputs).to.deep.equal(outputs.map(({ amount, script }) => ({ amount, script })));
        const vouts = htlcs.map((htlc) => htlc.vout);
        expect([...vouts].sort((a, b) => a - b)).to.deep.equal(vouts);
        for (const { vout, htlc } of htlcs) {
          const role = outputs[vout]?.role;
          expect(role?.tag === "htlc" && role.htlc).to.equal(htlc);
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("puts the earlier expiry first where value and script are equal, and each second stage waits for its own", () => {
    const htlcs = [offered(0n, 5_000_000n, 506), offered(1n, 5_000_000n, 505)];
    const built = buildCommitment(terms, keys, 3n, spec(5_000_000_000n, htlcs));
    expect(built.htlcs.map(({ htlc, tx }) => [htlc.id, tx.locktime])).to.deep.equal([
      [1n, 505],
      [0n, 506],
    ]);
  });

  it("keeps an HTLC equal to the dust limit and trims one msat less (CONFORMANCE 96)", () => {
    const built = buildCommitment(
      terms,
      keys,
      3n,
      spec(5_000_000_000n, [offered(0n, 354_000n), offered(1n, 353_999n)]),
    );
    expect(built.htlcs.map(({ htlc }) => htlc.id)).to.deep.equal([0n]);
    expect(built.trimmed.map(({ id }) => id)).to.deep.equal([1n]);
  });

  it("CONFORMANCE 94: rounds every amount down to satoshis, and gives what is left to miners", () => {
    for (const format of FORMATS) {
      const under = termsOf(alice, bob, bob, format);
      const htlcs = [offered(0n, 2_000_999n), offered(1n, 3_000_001n)];
      const { outputs, fee } = buildCommitment(under, keys, 3n, spec(5_000_000_999n, htlcs));
      const amounts = (tag: string) => outputs.filter(({ role }) => role.tag === tag).map(({ amount }) => amount);
      const nominal = commitmentFee(2, satPerKw(1000), format);
      const anchors = format === "anchors" ? 660n : 0n;
      expect([amounts("to_local"), amounts("htlc")]).to.deep.equal([[5_000_000n], [2_000n, 3_000n]]);
      // 999 + 999 + 1 msat of the first three, and of the opener the 1 that makes it whole.
      expect(amounts("to_remote")).to.deep.equal([CAPACITY - 5_000_000n - 5_000n - 2n - nominal - anchors]);
      expect(fee).to.equal(nominal + 2n);
    }
  });

  for (const format of FORMATS)
    it(`CONFORMANCE 97: leaves out a balance below the owner's dust limit, whosever it is, and its anchor with it: ${format}`, () => {
      const both = format === "anchors" ? ["to_local_anchor", "to_remote_anchor"] : [];
      const one = (side: string): string[] => [side, ...both.filter((anchor) => anchor.startsWith(side))];
      const limit = 354_000n;
      const cost = openerCost(0, satPerKw(1000), format) * 1000n;
      const all = CAPACITY * 1000n;
      const tags = (of: CommitmentSpec, opener = alice) => [...roles(of, termsOf(alice, bob, opener, format))].sort();
      expect(tags(spec(all - limit))).to.deep.equal(["to_local", "to_remote", ...both].sort());
      expect(tags(spec(all - limit + 1n))).to.deep.equal(one("to_local").sort());
      expect(tags(spec(limit), bob)).to.deep.equal(["to_local", "to_remote", ...both].sort());
      expect(tags(spec(limit - 1n), bob)).to.deep.equal(one("to_remote").sort());
      expect(tags(spec(limit + cost)), "after the opener has paid").to.deep.equal(
        ["to_local", "to_remote", ...both].sort(),
      );
      expect(tags(spec(limit + cost - 1n))).to.deep.equal(one("to_remote").sort());
    });
  it("CONFORMANCE 97: pays the other side by its own payment_basepoint: to its hash, or with anchors after one block", () => {
    const script = (format: CommitmentFormat) =>
      buildCommitment(termsOf(alice, bob, alice, format), keys, 3n, spec(5_000_000_000n)).outputs.find(
        ({ role }) => role.tag === "to_remote",
      )?.script;
    const key = bob.keys.paymentBasepoint;
    expect(script("static_remotekey")).to.deep.equal(concat(fromHex("0014"), hash160(key)));
    // <key> CHECKSIGVERIFY 1 CHECKSEQUENCEVERIFY
    expect(script("anchors")).to.deep.equal(concat(fromHex("0020"), sha256(fromHex(`21${toHex(key)}ad51b2`))));
  });

  it("has both anchors once an HTLC is untrimmed, whatever the balances (CONFORMANCE 98)", () => {
    expect([...roles(spec(CAPACITY * 1000n - 1_000_000n, [offered(0n, 1_000_000n)]))].sort()).to.deep.equal([
      "htlc",
      "to_local",
      "to_local_anchor",
      "to_remote_anchor",
    ]);
  });

  it("takes the price of both anchors from the opener although one is left out (CONFORMANCE 95)", () => {
    const built = buildCommitment(terms, keys, 3n, spec(CAPACITY * 1000n));
    expect(built.outputs.map((output) => output.amount)).to.deep.equal([330n, CAPACITY - 1124n - 660n]);
    expect(built.fee).to.equal(1124n + 330n);
  });

  it("says whether the opener can pay, to the sat", () => {
    expect(openerCanPay(spec((1124n + 660n) * 1000n), terms)).to.equal(true);
    expect(openerCanPay(spec((1124n + 660n) * 1000n - 1n), terms)).to.equal(false);
  });

  it("refuses balances that do not add up to the capacity", () => {
    const more = { ...spec(5_000_000_000n), toLocal: msat(5_000_000_001n) };
    expect(() => buildCommitment(terms, keys, 3n, more)).to.throw("add up to the capacity");
  });

  it("gives the owner's delay and dust limit their places: the delay of the other side, the limit of its own (CONFORMANCE 100)", () => {
    expect([terms.toSelfDelay, terms.dustLimit]).to.deep.equal([bob.toSelfDelay, alice.dustLimit]);
    const theirs = termsOf(bob, alice, alice, "anchors");
    expect([theirs.toSelfDelay, theirs.dustLimit, theirs.opener]).to.deep.equal([144, sat(546n), "remote"]);
    expect(theirs.obscuringFactor).to.equal(terms.obscuringFactor);
    expect(theirs.funding).to.deep.equal(terms.funding);
    expect(theirs.anchors).to.deep.equal({ local: terms.anchors?.remote, remote: terms.anchors?.local });
  });
});

describe("BOLT 3 §Commitment Transaction", () => {
  it("carries any 48-bit number in locktime and sequence (CONFORMANCE 92)", () => {
    const number = fc.bigInt({ min: 0n, max: COMMITMENT_NUMBER_MAX });
    fc.assert(
      fc.property(number, number, (n, factor) => {
        const { locktime, sequence } = obscureNumber(n, factor);
        const input = { prevout: terms.funding.outpoint, scriptSig: new Uint8Array(0), sequence, witness: [] };
        const tx = { version: 2, inputs: [input], outputs: [], locktime };
        expect([locktime >>> 24, sequence >>> 24]).to.deep.equal([0x20, 0x80]);
        expect(commitmentNumberOf(tx, factor)).to.equal(n);
        expect(commitmentNumberOf({ ...tx, locktime: 0 }, factor)).to.equal(undefined);
        expect(commitmentNumberOf({ ...tx, inputs: [{ ...input, sequence: 0xffff_ffff }] }, factor)).to.equal(
          undefined,
        );
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
