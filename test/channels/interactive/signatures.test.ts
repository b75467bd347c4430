import { expect } from "chai";
import type { ConstructedTx } from "../../../channels/interactive/constructed.ts";
import {
  receivedWitnesses,
  signaturesMessage,
  underpays,
  type Witnesses,
} from "../../../channels/interactive/signatures.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_NONE } from "../../../src/bitcoin/hash-types.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import type { TxSignatures } from "../../../src/wire/interactive-tx.ts";
import { CHANNEL, coin, funded, witnessesOf } from "../../support/constructing.ts";

/** The accepter's view of a transaction that the opener alone funds, and the opener's own. */
function both(...inputs: ReturnType<typeof coin>[]): { readonly ours: ConstructedTx; readonly theirs: ConstructedTx } {
  const { initiator, other } = funded({}, { inputs });
  if (!initiator?.ok || !other?.ok) throw new Error("constructed");
  return { ours: other.value, theirs: initiator.value };
}
const signed = (theirs: ConstructedTx, witnesses: Witnesses): TxSignatures =>
  signaturesMessage(CHANNEL, theirs, witnesses);
const codeOf = (ours: ConstructedTx, message: TxSignatures): string => {
  const received = receivedWitnesses(ours, message);
  return received.ok ? "ok" : received.error.code;
};

describe("BOLT 2 §The tx_signatures Message", () => {
  const { ours, theirs } = both(coin("a", 1_001_000n));
  const good = witnessesOf(theirs, "local", "a");
  it("CONFORMANCE 54: a witness for each input of the peer's, none empty, for this very transaction", () => {
    expect(codeOf(ours, signed(theirs, good))).to.equal("ok");
    expect(codeOf(ours, { ...signed(theirs, good), txid: "66".repeat(32) as Txid })).to.equal("signed_txid_wrong");
    expect(codeOf(ours, { ...signed(theirs, good), witnesses: [] })).to.equal("witness_count");
    expect(codeOf(ours, { ...signed(theirs, good), witnesses: [Uint8Array.of(0)] })).to.equal("witness_malformed");
    expect(codeOf(ours, { ...signed(theirs, good), witnesses: [new Uint8Array(0)] })).to.equal("witness_malformed");
    expect(codeOf(ours, { ...signed(theirs, good), witnesses: [Uint8Array.of(0xff, 9)] })).to.equal(
      "witness_malformed",
    );
  });
  it("CONFORMANCE 54: witnesses stand in the order of serial ids", () => {
    const two = both({ ...coin("a", 600_000n), serialId: 9n }, { ...coin("aaa", 601_000n), serialId: 2n });
    const [first, second] = [
      witnessesOf(two.theirs, "local", "aaa")[0],
      witnessesOf(two.theirs, "local", "a")[1],
    ] as never[];
    expect(codeOf(two.ours, signed(two.theirs, [first, second] as never))).to.equal("ok");
    expect(codeOf(two.ours, signed(two.theirs, [second, first] as never))).to.equal("witness_invalid");
  });
  it("CONFORMANCE 54: a signature that does not cover everything is refused", () => {
    for (const type of [SIGHASH_NONE, SIGHASH_ALL | SIGHASH_ANYONECANPAY])
      expect(codeOf(ours, signed(theirs, witnessesOf(theirs, "local", "a", type)))).to.equal("witness_not_sighash_all");
  });
  it("RELIABILITY U15: a signature of another key, or of another transaction, is none", () => {
    expect(codeOf(ours, signed(theirs, witnessesOf(theirs, "local", "b")))).to.equal("witness_invalid");
    const elsewhere = both(coin("a", 1_002_000n));
    expect(codeOf(ours, signed(theirs, witnessesOf(elsewhere.theirs, "local", "a")))).to.equal("witness_invalid");
  });
  it("RELIABILITY U13: a witness that is larger than what was paid for lowers the feerate, and says so", () => {
    expect(underpays(ours, satPerKw(1_000), good)).to.equal(undefined);
    // Anybody can spend it, with as much as they like in front: DROP, TRUE.
    const script = Uint8Array.of(0x75, 0x51);
    const exact = both(coin("a", 1_000_485n, p2wshOf(script)));
    const fat: Witnesses = [[new Uint8Array(80), script]];
    expect(codeOf(exact.ours, signed(exact.theirs, fat))).to.equal("ok");
    expect(underpays(exact.ours, satPerKw(1_000), fat)).to.equal(undefined);
    const fatter: Witnesses = [
      [new Uint8Array(80), Uint8Array.from({ length: 60 }, (_, at) => (at === 0 ? 0x75 : 0x51))],
    ];
    expect(underpays(exact.ours, satPerKw(1_000), fatter)?.code).to.equal("witness_too_heavy");
    expect(underpays(both(coin("a", 1_005_000n, p2wshOf(script))).ours, satPerKw(1_000), fatter), "paid for").to.equal(
      undefined,
    );
  });
  it("RELIABILITY U13: a witness that nodes do not relay is refused", () => {
    const script = Uint8Array.of(0x75, 0x51);
    const padded = both(coin("a", 1_001_000n, p2wshOf(script)));
    expect(codeOf(padded.ours, signed(padded.theirs, [[new Uint8Array(81), script]]))).to.equal("witness_invalid");
  });
});
