import { expect } from "chai";
import { concat, fromHex } from "../../../src/base/bytes.ts";
import { parseTxid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { pushBytes, script } from "../../../src/bitcoin/script.ts";
import { p2tr } from "../../../src/bitcoin/templates.ts";
import { decodeTx, encodeTx, type Tx, weightOf } from "../../../src/bitcoin/tx.ts";
import { assemble, oneLeaf } from "../assemble.ts";
import { attempt, EMPTY, KEY, sign } from "../taproot-spend.ts";

const repeat = (count: number, opcode: number): Uint8Array => new Uint8Array(count).fill(opcode);
const times = (count: number, ...opcodes: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: count * opcodes.length }, (_, i) => opcodes[i % opcodes.length] as number);

/** The witness of a script with these elements under it, deepest first, and the output that it spends. */
function spendOf(tapscript: Uint8Array, elements: readonly Uint8Array[]) {
  const { key, control } = oneLeaf(tapscript);
  return { scriptPubKey: p2tr(key), witness: [...elements, tapscript, control] };
}
const run = (tapscript: Uint8Array, elements: readonly Uint8Array[] = []): string =>
  attempt(spendOf(tapscript, elements));

describe("BIP 342 §Resource limits", () => {
  it("are none on the size of a script and the number of its opcodes", () => {
    expect(run(concat(repeat(20_000, OP.NOP), Uint8Array.of(OP.TRUE)))).to.equal("OK");
  });
  it("are 520 bytes an element, in the script and in the witness", () => {
    const pushed = [520, 521].map((size) => run(script(new Uint8Array(size), OP.DROP, OP.TRUE)));
    const shown = [520, 521].map((size) => run(script(OP.DROP, OP.TRUE), [new Uint8Array(size)]));
    expect([pushed, shown]).to.deep.equal([
      ["OK", "PUSH_SIZE"],
      ["OK", "PUSH_SIZE"],
    ]);
  });
  it("are 1,000 elements on both stacks, before the first opcode and after each", () => {
    const elements = (count: number): readonly Uint8Array[] => Array(count).fill(EMPTY);
    const before = [1000, 1001].map((count) => run(times(999, OP.DROP), elements(count)));
    expect(before).to.deep.equal(["EVAL_FALSE", "STACK_SIZE"]);
    const after = [999, 1000].map((count) =>
      run(concat(Uint8Array.of(OP.TRUE), times(count, OP.NIP)), elements(count)),
    );
    expect(after).to.deep.equal(["OK", "STACK_SIZE"]);
    expect(run(Uint8Array.of(OP.TOALTSTACK, OP.TRUE, OP.TRUE), elements(998))).to.equal("CLEANSTACK");
    expect(run(Uint8Array.of(OP.TOALTSTACK, OP.TRUE, OP.TRUE), elements(999))).to.equal("STACK_SIZE");
  });
  it("let each signature that is not empty take 50 of what the witness weighs and 50 more", () => {
    const check = [OP.DUP, OP.TRUE, OP.CHECKSIGVERIFY] as const;
    const shows = (checks: number, nops: number, signature: Uint8Array, ...annex: readonly Uint8Array[]): string => {
      const spend = spendOf(concat(times(checks, ...check), repeat(nops, OP.NOP)), [signature]);
      return attempt({ ...spend, witness: [...spend.witness, ...annex] });
    };
    const one = Uint8Array.of(1);
    // Two checks take 100; the count, the elements with their lengths and the free 50 are 88 + 3 a check + 1 a NOP.
    expect([shows(1, 0, one), shows(2, 6, one), shows(2, 5, one)]).to.deep.equal([
      "OK",
      "OK",
      "TAPSCRIPT_VALIDATION_WEIGHT",
    ]);
    expect(shows(2, 5, one, fromHex("50"))).to.equal("OK");
    const unsigned = concat(times(30, OP.FALSE, OP.TRUE, OP.CHECKSIG, OP.DROP), Uint8Array.of(OP.TRUE));
    expect(run(unsigned)).to.equal("OK");
  });
  it("spare neither a signature that is wrong nor a key that is empty", () => {
    const tapscript = concat(
      times(2, OP.DUP, OP.TRUE, OP.CHECKSIGVERIFY),
      Uint8Array.of(OP.DUP, OP.FALSE, OP.CHECKSIG),
    );
    expect(run(tapscript, [Uint8Array.of(1)])).to.equal("TAPSCRIPT_VALIDATION_WEIGHT");
  });
  it("let OP_IFs be open by the hundred thousand, each opcode in constant time", () => {
    const count = 400_000;
    const open = times(count, OP.TRUE, OP.IF);
    expect(run(concat(open, times(count, OP.ENDIF), Uint8Array.of(OP.TRUE)))).to.equal("OK");
    expect(run(open)).to.equal("UNBALANCED_CONDITIONAL");
  });
});

describe("B7: large witnesses", () => {
  /** The transaction comes back from its bytes as it was; limits follow from a block's weight alone. */
  function carries(witness: readonly Uint8Array[], bytes: number): void {
    const prevout = { txid: parseTxid("0b".repeat(32)) ?? expect.fail(), vout: 0 };
    const tx: Tx = {
      version: 2,
      inputs: [{ prevout, scriptSig: EMPTY, sequence: 0, witness }],
      outputs: [{ amount: sat(1n), script: assemble("1") }],
      locktime: 0,
    };
    const decoded = decodeTx(encodeTx(tx));
    const inputs = decoded.ok ? decoded.value.inputs : expect.fail(`${decoded.error}`);
    const same = inputs[0]?.witness.every((element, i) => Buffer.compare(element, witness[i] ?? EMPTY) === 0);
    expect([inputs[0]?.witness.length, same]).to.deep.equal([witness.length, true]);
    expect(weightOf(tx)).to.be.within(bytes, 4_000_000);
  }
  it("an item of 396,669 bytes is read and its script runs", () => {
    const size = 396_669;
    const head = concat(script(KEY, OP.CHECKSIG), Uint8Array.of(OP.FALSE, OP.IF));
    const chunk = pushBytes(new Uint8Array(520).fill(7));
    const chunks = Math.floor((size - head.length - 1) / chunk.length);
    const rest = size - head.length - 1 - chunks * chunk.length;
    const tapscript = concat(head, ...Array(chunks).fill(chunk), repeat(rest, OP.NOP), Uint8Array.of(OP.ENDIF));
    expect(tapscript.length).to.equal(size);
    const { scriptPubKey, witness } = spendOf(tapscript, []);
    const signed = [sign(scriptPubKey, { tapscript }), ...witness];
    expect(attempt({ scriptPubKey, witness: signed })).to.equal("OK");
    carries(signed, size);
  });
  it("500,003 items are read; only a script with an OP_SUCCESS may spend so many", () => {
    const empty: readonly Uint8Array[] = Array(500_001).fill(EMPTY);
    const success = spendOf(assemble("RESERVED"), empty);
    expect(success.witness).to.have.length(500_003);
    expect(attempt(success)).to.equal("OK");
    expect(attempt(spendOf(assemble("1"), empty))).to.equal("STACK_SIZE");
    carries(success.witness, 500_003);
  });
  it("998 of 999 keys sign", () => {
    const added = times(1, OP.CHECKSIGADD);
    const others = Array.from({ length: 998 }, () => concat(script(KEY), added));
    const tapscript = concat(script(KEY, OP.CHECKSIG), ...others, script(998n, OP.NUMEQUAL));
    const { scriptPubKey, witness } = spendOf(tapscript, []);
    const signature = sign(scriptPubKey, { tapscript });
    const shows = (count: number): string => {
      const signatures = Array.from({ length: 999 }, (_, i) => (i < count ? signature : EMPTY));
      return attempt({ scriptPubKey, witness: [...signatures, ...witness] });
    };
    expect([shows(998), shows(997)]).to.deep.equal(["OK", "EVAL_FALSE"]);
  });
});
