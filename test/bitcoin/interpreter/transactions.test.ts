import { expect } from "chai";
import { fromHex } from "../../../src/base/bytes.ts";
import { outpointKey, parseTxid, type Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { checkTransaction } from "../../../src/bitcoin/check.ts";
import { SCRIPT_FLAGS, type ScriptFlag, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../../src/bitcoin/interpreter/verify.ts";
import { decodeClaimedTx, type TxOut } from "../../../src/bitcoin/tx.ts";
import { countCases, describeVectors } from "../../support/vectors.ts";
import { assemble } from "../assemble.ts";

type Prevout = readonly [hash: string, vout: number, script: string, amount?: number];
type TxRow = readonly [prevouts: readonly Prevout[], tx: string, flags: string];
type Row = TxRow | readonly [string];
const isRow = (row: Row): row is TxRow => row.length === 3;

const named = (flags: string): readonly string[] => flags.split(",").filter((name) => name !== "NONE" && name !== "");

/** "valid", or the first thing that is wrong. */
function outcome([prevouts, hex]: TxRow, flags: readonly ScriptFlag[]): string {
  const decoded = decodeClaimedTx(fromHex(hex));
  if (!decoded.ok) return `decode: ${decoded.error}`;
  const checked = checkTransaction(decoded.value);
  if (!checked.ok) return checked.error;
  const known = new Map(
    prevouts.map(([hash, vout, script, amount = 0]): [string, TxOut] => [
      outpointKey({ txid: present(parseTxid(hash), "a txid") as Txid, vout: vout >>> 0 }),
      { script: assemble(script), amount: sat(BigInt(amount)) },
    ]),
  );
  const spent = decoded.value.inputs.map(({ prevout }) => present(known.get(outpointKey(prevout)), "a listed prevout"));
  const verified = verifyInputs(checked.value, spent, scriptFlags(...flags));
  return verified.ok ? "valid" : `input ${verified.error.index}: ${verified.error.error}`;
}

/** Some flags mean nothing without others: Bitcoin Core fills them up like this. */
function filled(flags: readonly string[]): readonly ScriptFlag[] {
  const wanted = new Set(flags);
  if (wanted.has("CLEANSTACK")) wanted.add("WITNESS");
  if (wanted.has("WITNESS")) wanted.add("P2SH");
  return SCRIPT_FLAGS.filter((flag) => wanted.has(flag));
}
/** And what must go when one is taken out. */
function trimmed(excluded: readonly string[]): readonly ScriptFlag[] {
  const out = new Set(excluded);
  if (out.has("P2SH")) out.add("WITNESS");
  if (out.has("WITNESS")) out.add("CLEANSTACK");
  return SCRIPT_FLAGS.filter((flag) => !out.has(flag));
}

const VALID = "bitcoin/core/tx_valid.json";
describeVectors<readonly Row[]>("Bitcoin Core's valid transactions", VALID, (set) => {
  const rows = set.filter(isRow);
  countCases(VALID, rows.length);
  it(`are valid under all flags but the excluded: ${rows.length} rows`, () => {
    const wrong = rows.flatMap((row) => {
      const got = outcome(row, trimmed(named(row[2])));
      return got === "valid" ? [] : [`${got}: ${JSON.stringify(row)}`];
    });
    expect(wrong).to.deep.equal([]);
  });
  it("are valid under any one flag alone, and under none", () => {
    const wrong = rows.flatMap((row) =>
      [[], ...trimmed(named(row[2])).map((flag) => [flag])].flatMap((flags) => {
        const got = outcome(row, trimmed(SCRIPT_FLAGS.filter((flag) => !filled(flags).includes(flag))));
        return got === "valid" ? [] : [`${flags} ${got}: ${JSON.stringify(row)}`];
      }),
    );
    expect(wrong).to.deep.equal([]);
  });
  it("list no flag as excluded that they would keep", () => {
    const idle = rows.flatMap((row) => {
      const excluded = named(row[2]);
      return excluded
        .filter((flag) => outcome(row, trimmed(excluded.filter((other) => other !== flag))) === "valid")
        .map((flag) => `${flag}: ${JSON.stringify(row)}`);
    });
    expect(idle).to.deep.equal([]);
  });
});

const INVALID = "bitcoin/core/tx_invalid.json";
describeVectors<readonly Row[]>("Bitcoin Core's invalid transactions", INVALID, (set) => {
  const rows = set.filter(isRow);
  countCases(INVALID, rows.length);
  it(`are invalid under their flags: ${rows.length} rows`, () => {
    const wrong = rows.filter((row) => outcome(row, filled(named(row[2]))) === "valid");
    expect(wrong).to.deep.equal([]);
  });
  it("marked BADTX decode and fail checkTransaction, the others reach their scripts", () => {
    const wrong = rows.filter((row) => {
      const early = /^bad-/.test(outcome(row, []));
      return early !== named(row[2]).includes("BADTX");
    });
    expect(wrong).to.deep.equal([]);
  });
  it("are valid when any one of their flags is taken away", () => {
    const wrong = rows.flatMap((row) => {
      const flags = named(row[2]);
      if (flags.includes("BADTX")) return [];
      return flags
        .map((flag) => outcome(row, trimmed(SCRIPT_FLAGS.filter((each) => !flags.includes(each) || each === flag))))
        .filter((got) => got !== "valid")
        .map((got) => `${got}: ${JSON.stringify(row)}`);
    });
    expect(wrong).to.deep.equal([]);
  });
});
