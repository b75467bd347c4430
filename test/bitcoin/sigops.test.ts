import { expect } from "chai";
import { sat } from "../../src/base/units.ts";
import { scriptFlags } from "../../src/bitcoin/interpreter/flags.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushBytes, script } from "../../src/bitcoin/script.ts";
import { exactSigops, legacySigops, roughSigops, sigopsCost } from "../../src/bitcoin/sigops.ts";
import { p2pkhOf, p2shOf, p2wpkhOf, p2wshOf } from "../../src/bitcoin/templates.ts";
import type { TxOut } from "../../src/bitcoin/tx.ts";
import { assemble, creditAndSpend } from "./assemble.ts";

const FLAGS = scriptFlags("P2SH", "WITNESS");
const KEY = new Uint8Array(33).fill(2);
const MULTISIG = assemble("1 'a' 'b' 2 CHECKMULTISIG CHECKSIG CHECKSIGVERIFY");
const ROUGH = 22;
const EXACT = 4;

describe("signature checks of a script", () => {
  it("count 1 each, a multisig 20 roughly or its keys exactly", () => {
    expect([roughSigops(MULTISIG), exactSigops(MULTISIG)]).to.deep.equal([ROUGH, EXACT]);
    expect(exactSigops(assemble("16 CHECKMULTISIGVERIFY"))).to.equal(16);
    expect(
      ["0 CHECKMULTISIG", "CHECKMULTISIG", "0x01 0x02 CHECKMULTISIG"].map(assemble).map(exactSigops),
    ).to.deep.equal([20, 20, 20]);
  });
  it("count whether executed or not, but not inside pushes nor behind one that is cut short", () => {
    expect(roughSigops(assemble("0 IF CHECKSIG ENDIF"))).to.equal(1);
    expect(roughSigops(assemble("0x02 0xacac CHECKSIG 0x05 0xac"))).to.equal(1);
  });
});

describe("BIP 141 §Sigops: the cost of a transaction", () => {
  const cost = (
    scriptPubKey: Uint8Array,
    scriptSig: Uint8Array,
    witness: readonly Uint8Array[] = [],
    flags = FLAGS,
  ) => {
    const { credit, spend } = creditAndSpend({ scriptPubKey, scriptSig, witness });
    return sigopsCost(spend, credit.outputs, flags);
  };
  const NONE = new Uint8Array(0);
  it("is four times the rough count of its own scripts, and nothing of the script it spends", () => {
    const { credit, spend } = creditAndSpend({ scriptPubKey: MULTISIG, scriptSig: assemble("CHECKSIG") });
    const outputs: readonly TxOut[] = [{ amount: sat(0n), script: MULTISIG }];
    expect(legacySigops({ ...spend, outputs })).to.equal(1 + ROUGH);
    expect(sigopsCost({ ...spend, outputs }, credit.outputs, FLAGS)).to.equal(4 * (1 + ROUGH));
    expect(sigopsCost(credit, [], FLAGS)).to.equal(4 * ROUGH);
    expect(cost(p2pkhOf(KEY), assemble("'s' 'k'"))).to.equal(0);
  });
  it("adds four times the exact count of a redeem script", () => {
    expect(cost(p2shOf(MULTISIG), pushBytes(MULTISIG))).to.equal(4 * EXACT);
    expect(cost(p2shOf(MULTISIG), pushBytes(MULTISIG), [], scriptFlags())).to.equal(0);
    expect(cost(p2shOf(MULTISIG), script(MULTISIG, OP.NOP))).to.equal(0);
    expect(cost(p2shOf(MULTISIG), NONE)).to.equal(0);
  });
  it("adds once the exact count of a witness script, 1 for a key hash, none for other versions", () => {
    expect(cost(p2wshOf(MULTISIG), NONE, [NONE, MULTISIG])).to.equal(EXACT);
    expect(cost(p2wshOf(MULTISIG), NONE)).to.equal(0);
    expect(cost(p2wpkhOf(KEY), NONE, [NONE, KEY])).to.equal(1);
    expect(cost(assemble(`1 0x20 0x${"00".repeat(32)}`), NONE, [NONE, MULTISIG])).to.equal(0);
    expect(cost(p2wshOf(MULTISIG), NONE, [MULTISIG], scriptFlags("P2SH"))).to.equal(0);
  });
  it("looks through P2SH for the witness program", () => {
    const nested = p2wshOf(MULTISIG);
    expect(cost(p2shOf(nested), pushBytes(nested), [MULTISIG])).to.equal(EXACT);
    expect(cost(p2shOf(p2wpkhOf(KEY)), pushBytes(p2wpkhOf(KEY)), [NONE, KEY])).to.equal(1);
  });
});
