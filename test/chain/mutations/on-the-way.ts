import type { SeededRandom } from "../../../src/adapters/memory/random.ts";
import { concat } from "../../../src/base/bytes.ts";
import {
  type Block,
  blockHashOf,
  type ClaimedBlock,
  decodeClaimedBlock,
  decodeHeader,
  encodeBlock,
  encodeHeader,
  HEADER_BYTES,
} from "../../../src/bitcoin/block.ts";
import { committedWitness } from "../../../src/bitcoin/merkle.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { below, flipped, inserted, oneOf, replaced, withInput, withOutput, without, withTx } from "./lot.ts";

/** A changed block and what Bitcoin Core would say of it. `unreadable`: its bytes are no block at all. */
export interface Mutation {
  readonly kind: string;
  readonly block: ClaimedBlock;
  readonly expected: string;
}
export interface Unread {
  readonly kind: string;
  readonly bytes: Uint8Array;
}
export type Change = (random: SeededRandom, block: Block, params: ChainParams) => Mutation | Unread | undefined;

/**
 * What anybody can do to a block on its way: no proof of work is made anew. Each change says by its kind which rule it runs
 * into first.
 */
const headerBit: Change = (random, block, params) => {
  const read = decodeHeader(flipped(random, encodeHeader(block.header)));
  if (!read.ok) return undefined;
  const hash = blockHashOf(read.value);
  // Where every other hash is good enough, some changes make another header that is worked for.
  if (params.powLimit === CHAINS.regtest.powLimit && hash < "8") return undefined;
  return { kind: "a bit of the header", block: { ...block, header: read.value }, expected: "high-hash" };
};

const rootless = (kind: string, block: ClaimedBlock): Mutation => ({ kind, block, expected: "bad-txnmrklroot" });
const removed: Change = (random, block) =>
  rootless("a transaction left out", { ...block, txs: without(block.txs, below(random, block.txs.length)) });
const swapped: Change = (random, block) => {
  const { txs } = block;
  if (txs.length < 2) return undefined;
  const a = below(random, txs.length);
  const b = (a + 1 + below(random, txs.length - 1)) % txs.length;
  const order = replaced(replaced(txs, a, txs[b] as Tx), b, txs[a] as Tx);
  return rootless("two transactions in each other's place", { ...block, txs: order });
};
const emptied: Change = (_random, block) => rootless("no transactions", { ...block, txs: [] });
const repeated: Change = (random, block) => {
  const { txs } = block;
  const from = below(random, txs.length);
  const at = below(random, txs.length);
  // The last one behind itself may keep the root: that is another kind.
  if (from === txs.length - 1 && at === from) return undefined;
  return rootless("a transaction put in once more", { ...block, txs: inserted(txs, at, txs[from] as Tx) });
};

/** CVE-2012-2459: the last ones of a row that is not full, once more. The root stays. */
const sameRoot: Change = (_random, block) => {
  const { length } = block.txs;
  const tail = length & -length;
  if (tail === length) return undefined;
  const txs = [...block.txs, ...block.txs.slice(-tail)];
  return { kind: "the end repeated under the same root", block: { ...block, txs }, expected: "bad-txns-duplicate" };
};

/** Something that the txid commits to. */
const changedTx: Change = (random, block) => {
  const at = below(random, block.txs.length);
  const tx = block.txs[at] as Tx;
  const into = below(random, tx.inputs.length);
  const out = below(random, tx.outputs.length);
  const { prevout, scriptSig, sequence } = tx.inputs[into] as Tx["inputs"][0];
  const { amount, script } = tx.outputs[out] as Tx["outputs"][0];
  const bit = 2 ** below(random, 31);
  const ways: readonly (readonly [string, Tx])[] = [
    ["a version", { ...tx, version: tx.version ^ bit }],
    ["a locktime", { ...tx, locktime: (tx.locktime ^ bit) >>> 0 }],
    ["a sequence", withInput(tx, into, { sequence: (sequence ^ bit) >>> 0 })],
    ["an outpoint", withInput(tx, into, { prevout: { ...prevout, vout: (prevout.vout ^ bit) >>> 0 } })],
    ["an amount", withOutput(tx, out, { amount: (amount ^ 1n) as typeof amount })],
    ["a scriptSig", withInput(tx, into, { scriptSig: concat(scriptSig, Uint8Array.of(0)) })],
    ["a script", withOutput(tx, out, { script: concat(script, Uint8Array.of(0x51)) })],
    ["an input less", { ...tx, inputs: without(tx.inputs, into) }],
    ["an output more", { ...tx, outputs: inserted(tx.outputs, out, { amount, script }) }],
  ];
  const [what, changed] = oneOf(random, ways) as (typeof ways)[0];
  // An encoding without inputs reads as another one.
  return changed.inputs.length === 0 ? undefined : rootless(`${what} changed`, withTx(block, at, changed));
};

/** A witness other than the committed one; where nothing commits to witnesses, one at all. */
const changedWitness: Change = (random, block) => {
  const at = 1 + below(random, Math.max(block.txs.length - 1, 1));
  const tx = block.txs[at];
  if (tx === undefined) return undefined;
  const into = below(random, tx.inputs.length);
  const { witness } = tx.inputs[into] as Tx["inputs"][0];
  const item = below(random, Math.max(witness.length, 1));
  const bytes = witness[item];
  const bent = bytes === undefined || bytes.length === 0 ? undefined : flipped(random, bytes);
  const ways = [
    inserted(witness, item, random.bytes(1 + below(random, 80))),
    ...(bent === undefined ? [] : [replaced(witness, item, bent)]),
    ...(witness.length === 0 ? [] : [without(witness, item)]),
  ];
  const changed = withInput(tx, into, { witness: oneOf(random, ways) ?? [] });
  const expected = commits(block) ? "bad-witness-merkle-match" : "unexpected-witness";
  return { kind: "a witness changed", block: withTx(block, at, changed), expected };
};
const reserved: Change = (random, block) => {
  const coinbase = block.txs[0] as Tx;
  const [value] = coinbase.inputs[0]?.witness ?? [];
  if (!commits(block) || value === undefined) return undefined;
  const ways: readonly (readonly [readonly Uint8Array[], string])[] = [
    [[flipped(random, value)], "bad-witness-merkle-match"],
    [[value.subarray(1)], "bad-witness-nonce-size"],
    [[value, random.bytes(32)], "bad-witness-nonce-size"],
    [[], "bad-witness-nonce-size"],
  ];
  const [witness, expected] = oneOf(random, ways) as (typeof ways)[0];
  return { kind: "the reserved value", block: withTx(block, 0, withInput(coinbase, 0, { witness })), expected };
};
const commits = ({ txs }: Block): boolean => txs[0] !== undefined && committedWitness(txs[0]) !== undefined;

/** Any byte behind the header. What can still be read has another root, or the same txids with other witnesses. */
const anyByte: Change = (random, block) => {
  const bytes = flipped(random, encodeBlock(block), HEADER_BYTES);
  const read = decodeClaimedBlock(bytes);
  const kind = "a byte of the encoding";
  if (!read.ok) return { kind, bytes };
  const { txs } = read.value;
  const [was, is] = [block.txs.map(txidOf), txs.map(txidOf)];
  if (was.length !== is.length || was.some((txid, at) => txid !== is[at])) return rootless(kind, read.value);
  const nonce = txs[0]?.inputs[0]?.witness ?? [];
  const whole = nonce.length === 1 && nonce[0]?.length === 32;
  const refused = whole ? "bad-witness-merkle-match" : "bad-witness-nonce-size";
  return { kind, block: read.value, expected: commits(block) ? refused : "unexpected-witness" };
};
const cut: Change = (random, block) => {
  const bytes = encodeBlock(block);
  const length = below(random, bytes.length);
  const more = random.bytes(1 + below(random, 9));
  return { kind: "cut short or too long", bytes: length % 2 === 0 ? bytes.slice(0, length) : concat(bytes, more) };
};
/** More than 21 million coins, or less than nothing. */
const outOfRange: Change = (random, block) => {
  const at = below(random, block.txs.length);
  const tx = block.txs[at] as Tx;
  const amount = below(random, 2) === 0 ? 2_100_000_000_000_001n : -1n;
  const changed = withOutput(tx, below(random, tx.outputs.length), { amount: amount as never });
  const read = decodeClaimedBlock(encodeBlock(withTx(block, at, changed)));
  if (!read.ok) throw read.error;
  return rootless("an amount that is none", read.value);
};

export const ON_THE_WAY: readonly Change[] = [
  headerBit,
  removed,
  swapped,
  emptied,
  repeated,
  sameRoot,
  changedTx,
  changedTx,
  changedWitness,
  reserved,
  anyByte,
  anyByte,
  cut,
  outOfRange,
];
