import { concat, fromHex, utf8 } from "../../src/base/bytes.ts";
import { parseTxid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushBytes, script } from "../../src/bitcoin/script.ts";
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
