import { concat, equalBytes } from "../base/bytes.ts";
import { sat } from "../base/units.ts";
import { decode, encode, listOf, struct } from "../codec/codec.ts";
import { blockHashCodec, bytes as bytesCodec, bytesOf, i32le, u32le } from "../codec/primitives.ts";
import { compactSize } from "../codec/varint.ts";
import type { Block } from "./block.ts";
import { scriptFlags } from "./interpreter/flags.ts";
import { verifyInput } from "./interpreter/verify.ts";
import { commitmentOutputOf, txMerkleRoot } from "./merkle.ts";
import { OP } from "./opcodes.ts";
import { elementAt, pushBytes, script } from "./script.ts";
import { COINBASE_VOUT, NULL_TXID, type Tx, txidOf } from "./tx.ts";

/** In front of the solution, in a push of the output that commits to the witnesses. BIP 325 §Specification. */
const SIGNET_HEADER = Uint8Array.of(0xec, 0xc7, 0xda, 0xa2);
const FLAGS = scriptFlags("P2SH", "WITNESS", "DERSIG", "NULLDUMMY");

const solutionCodec = struct({ scriptSig: bytesOf(compactSize), witness: listOf(compactSize, bytesOf(compactSize)) });
/** What a solution signs of a block. BIP 325 §Specification. */
const signedPart = struct({ version: i32le, previous: blockHashCodec, merkleRoot: bytesCodec(32), time: u32le });

/** What the block holds for the challenge of a signet, and the block as it was before that was put in. */
interface Solved {
  readonly solution: Uint8Array | undefined;
  readonly txs: readonly Tx[];
}

/** Whether a block of a signet solves its challenge, a script. The genesis block need not. BIP 325 §Specification. */
export function solvesChallenge(block: Block, challenge: Uint8Array): boolean {
  const solved = solutionOf(block);
  if (solved === undefined) return false;
  const spend = spendOf(block, solved, challenge);
  return spend !== undefined && verifyInput(spend, 0, [{ amount: sat(0n), script: challenge }], FLAGS).ok;
}

/** The transaction that a solution is for: it spends an output with the challenge as its script. */
function spendOf({ header }: Block, { solution, txs }: Solved, challenge: Uint8Array): Tx | undefined {
  const read = solution && decode(solutionCodec, solution);
  if (read?.ok === false) return undefined;
  const signed = encode(signedPart, { ...header, merkleRoot: txMerkleRoot(txs).root });
  const spent: Tx = {
    version: 0,
    inputs: [
      {
        prevout: { txid: NULL_TXID, vout: COINBASE_VOUT },
        scriptSig: script(OP.FALSE, signed),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [{ amount: sat(0n), script: challenge }],
    locktime: 0,
  };
  const { scriptSig, witness } = read?.value ?? { scriptSig: new Uint8Array(0), witness: [] };
  return {
    version: 0,
    inputs: [{ prevout: { txid: txidOf(spent), vout: 0 }, scriptSig, sequence: 0, witness }],
    outputs: [{ amount: sat(0n), script: script(OP.RETURN) }],
    locktime: 0,
  };
}

/** Undefined when the block has no place for a solution. */
function solutionOf({ txs: [coinbase, ...others] }: Block): Solved | undefined {
  const at = coinbase && commitmentOutputOf(coinbase);
  const output = at === undefined ? undefined : coinbase?.outputs[at];
  if (coinbase === undefined || output === undefined) return undefined;
  const { solution, rest } = takeSolution(output.script);
  if (solution === undefined) return { solution, txs: [coinbase, ...others] };
  const outputs = coinbase.outputs.map((each, index) => (index === at ? { ...each, script: rest } : each));
  return { solution, txs: [{ ...coinbase, outputs }, ...others] };
}
/** The script with its solution taken out and every push written in its shortest form, up to one that is cut short: as Core does it. */
function takeSolution(bytes: Uint8Array): { readonly solution: Uint8Array | undefined; readonly rest: Uint8Array } {
  const parts: Uint8Array[] = [];
  let solution: Uint8Array | undefined;
  for (let from = 0; from < bytes.length; ) {
    const element = elementAt(bytes, from);
    if (element === undefined) break;
    const { opcode, data, end } = element;
    if (data === undefined || data.length === 0) parts.push(Uint8Array.of(opcode));
    else if (solution === undefined && beginsWithHeader(data)) {
      solution = data.slice(SIGNET_HEADER.length);
      parts.push(pushBytes(SIGNET_HEADER));
    } else parts.push(pushBytes(data));
    from = end;
  }
  return { solution, rest: concat(...parts) };
}
const beginsWithHeader = (data: Uint8Array): boolean =>
  data.length > SIGNET_HEADER.length && equalBytes(data.subarray(0, SIGNET_HEADER.length), SIGNET_HEADER);
