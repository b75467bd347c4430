import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { parseTxid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushBytes, script } from "../../src/bitcoin/script.ts";
import { leafHash, outputKey, TAPSCRIPT_LEAF_VERSION } from "../../src/bitcoin/taproot.ts";
import { COINBASE_VOUT, SEQUENCE_FINAL, type Tx, txidOf } from "../../src/bitcoin/tx.ts";

const OPCODE_OF = new Map<string, number>(
  Object.entries({ ...OP, NOP2: OP.CHECKLOCKTIMEVERIFY, NOP3: OP.CHECKSEQUENCEVERIFY }),
);

/** The notation of Bitcoin Core's script tests: numbers, raw bytes as 0x…, text in quotes, opcodes with or without OP_. */
export function assemble(text: string): Uint8Array {
  const parts = text.split(/[ \t\n]+/).filter((word) => word !== "");
  return concat(
    ...parts.map((word) => {
      if (/^-?\d+$/.test(word)) return script(BigInt(word));
      if (word.startsWith("0x")) return fromHex(word.slice(2));
      if (/^'.*'$/.test(word)) return pushBytes(utf8(word.slice(1, -1)));
      return Uint8Array.of(present(OPCODE_OF.get(word.replace(/^OP_/, "")), `a word of the script notation: ${word}`));
    }),
  );
}

/** x of a point that nobody has the secret of: an output with it as internal key has no key path. BIP 341 §Constructing and spending Taproot outputs. */
export const NOBODY = fromHex("50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0");

/** An output that commits to one script, and what the witness shows beside it. */
export interface OneLeaf {
  readonly key: Uint8Array;
  readonly control: Uint8Array;
}
export function oneLeaf(tapscript: Uint8Array, leafVersion = TAPSCRIPT_LEAF_VERSION, internalKey = NOBODY): OneLeaf {
  const { key, odd } = present(outputKey(internalKey, leafHash(leafVersion, tapscript)), "an internal key");
  return { key, control: concat(Uint8Array.of(leafVersion + Number(odd)), internalKey) };
}

const SCRIPT = "#SCRIPT#";
/** The witness and scriptPubKey of a row of those tests, where it leaves out what follows from its tapscript. */
export function fillIn(witness: readonly string[], scriptPubKey: string): readonly [readonly Uint8Array[], Uint8Array] {
  const text = witness.find((element) => element.startsWith(SCRIPT));
  if (text === undefined) return [witness.map(fromHex), assemble(scriptPubKey)];
  const tapscript = assemble(text.slice(SCRIPT.length));
  const { key, control } = oneLeaf(tapscript);
  const elements = witness.map((element) =>
    element === text ? tapscript : element === "#CONTROLBLOCK#" ? control : fromHex(element),
  );
  return [elements, assemble(scriptPubKey.replace("#TAPROOTOUTPUT#", `0x${toHex(key)}`))];
}

export interface SpendSpec {
  readonly scriptSig: Uint8Array;
  readonly scriptPubKey: Uint8Array;
  readonly witness?: readonly Uint8Array[];
  readonly amount?: bigint;
}

/** The two transactions of Bitcoin Core's script tests: a coinbase that pays the script, and one that spends it. */
export function creditAndSpend({ scriptSig, scriptPubKey, witness = [], amount = 0n }: SpendSpec): {
  readonly credit: Tx;
  readonly spend: Tx;
} {
  const nowhere = { txid: present(parseTxid("00".repeat(32)), "zeros are a txid"), vout: COINBASE_VOUT };
  const credit: Tx = {
    version: 1,
    inputs: [{ prevout: nowhere, scriptSig: script(0n, 0n), sequence: SEQUENCE_FINAL, witness: [] }],
    outputs: [{ amount: sat(amount), script: scriptPubKey }],
    locktime: 0,
  };
  const spend: Tx = {
    version: 1,
    inputs: [{ prevout: { txid: txidOf(credit), vout: 0 }, scriptSig, sequence: SEQUENCE_FINAL, witness }],
    outputs: [{ amount: sat(amount), script: new Uint8Array(0) }],
    locktime: 0,
  };
  return { credit, spend };
}
