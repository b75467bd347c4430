import type { SeededRandom } from "../../../src/adapters/memory/random.ts";
import { equalBytes } from "../../../src/base/bytes.ts";
import { outpointKey, type Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import type { Block } from "../../../src/bitcoin/block.ts";
import {
  commitmentOutputOf,
  commitmentScript,
  txMerkleRoot,
  witnessCommitment,
  witnessMerkleRoot,
} from "../../../src/bitcoin/merkle.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { parseScript, script } from "../../../src/bitcoin/script.ts";
import { isP2pkh } from "../../../src/bitcoin/templates.ts";
import { COINBASE_VOUT, NULL_TXID, type Tx, type TxIn, type TxOut, txidOf } from "../../../src/bitcoin/tx.ts";
import { searchNonce } from "../../../src/chain/miner.ts";
import { below, flipped, inserted, oneOf, replaced, withInput, withOutput, without, withTx } from "./lot.ts";
import type { Mutation } from "./on-the-way.ts";
import { EASY_BITS, easy, type RealBlock, spentBy } from "./placed.ts";

/** What is known of a real block whose every input has its prevout. */
export interface Mined {
  readonly real: RealBlock;
  /** Sealed anew, with an easy target. */
  readonly block: Block;
  /** Of each transaction but the coinbase. */
  readonly fees: readonly bigint[];
  /** Indexes of transactions whose outputs no other of the block spends. */
  readonly childless: readonly number[];
  /** Inputs signed as a whole by one key, of transactions without a child in the block. */
  readonly signed: readonly { readonly at: number; readonly into: number }[];
}
export function minedFrom(real: RealBlock): Mined {
  const block = sealed({ ...real.block, header: { ...real.block.header, bits: EASY_BITS } }, real);
  const spent = spentBy(real);
  const { txs } = block;
  const parents = new Set(txs.slice(1).flatMap(({ inputs }) => inputs.map(({ prevout }) => prevout.txid)));
  const childless = txs.flatMap((tx, at) => (at === 0 || parents.has(txidOf(tx)) ? [] : [at]));
  const amountOf = ({ prevout }: TxIn): bigint => spent.get(outpointKey(prevout))?.amount ?? 0n;
  const fees = txs.map((tx, at) =>
    at === 0 ? 0n : sum(tx.inputs.map(amountOf)) - sum(tx.outputs.map(({ amount }) => amount)),
  );
  const signed = childless.flatMap((at) =>
    (txs[at] as Tx).inputs.flatMap((each, into) => {
      const output = spent.get(outpointKey(each.prevout));
      return output !== undefined && isSignedWhole(each, output) ? [{ at, into }] : [];
    }),
  );
  return { real, block, fees, childless, signed };
}
const sum = (all: readonly bigint[]): bigint => all.reduce((total, each) => total + each, 0n);
/** A key hash paid by one signature over everything. */
const isSignedWhole = ({ scriptSig }: TxIn, output: TxOut): boolean =>
  isP2pkh(output.script) && parseScript(scriptSig)?.[0]?.data?.at(-1) === 1;

/** Commitment to witnesses, merkle root and proof of work made anew. */
export function sealed(block: Block, { network }: RealBlock): Block {
  const [coinbase, ...rest] = block.txs;
  const at = coinbase && commitmentOutputOf(coinbase);
  const nonce = coinbase?.inputs[0]?.witness[0];
  let { txs } = block;
  if (coinbase !== undefined && at !== undefined && nonce !== undefined) {
    const commitment = commitmentScript(witnessCommitment(witnessMerkleRoot(txs), nonce));
    txs = [withOutput(coinbase, at, { script: commitment }), ...rest];
  }
  return worked({ ...block, txs, header: { ...block.header, merkleRoot: txMerkleRoot(txs).root } }, network);
}
function worked(block: Block, network: RealBlock["network"]): Block {
  const nonce = searchNonce(block.header, easy(network), { from: 0, count: 10_000 });
  return { ...block, header: { ...block.header, nonce: present(nonce, "an easy target") } };
}

/** Undefined where the block has no place for the change. */
export type MinedChange = (random: SeededRandom, mined: Mined) => Mutation | undefined;
const says = (kind: string, mined: Mined, txs: readonly Tx[], expected: string): Mutation => ({
  kind,
  block: sealed({ ...mined.block, txs }, mined.real),
  expected,
});
/** Changes one transaction that no other of the block depends on. */
const inOne =
  (
    kind: string,
    expected: string,
    change: (tx: Tx, random: SeededRandom, fee: bigint) => Tx | undefined,
  ): MinedChange =>
  (random, mined) => {
    const at = oneOf(random, mined.childless);
    const changed = at === undefined ? undefined : change(mined.block.txs[at] as Tx, random, mined.fees[at] ?? 0n);
    if (at === undefined || changed === undefined) return undefined;
    return says(kind, mined, replaced(mined.block.txs, at, changed), expected);
  };
/** Changes a transaction with an input that is signed as a whole: whatever changes, the signature is over something else. */
const inSigned =
  (kind: string, change: (tx: Tx, random: SeededRandom, into: number) => Tx | undefined): MinedChange =>
  (random, mined) => {
    const place = oneOf(random, mined.signed);
    const changed = place && change(mined.block.txs[place.at] as Tx, random, place.into);
    if (place === undefined || changed === undefined) return undefined;
    return says(kind, mined, replaced(mined.block.txs, place.at, changed), "block-script-verify-flag-failed");
  };
const inCoinbase =
  (kind: string, expected: string, change: (coinbase: Tx, random: SeededRandom) => Tx): MinedChange =>
  (random, mined) =>
    says(kind, mined, replaced(mined.block.txs, 0, change(mined.block.txs[0] as Tx, random)), expected);
const inHeader =
  (
    kind: string,
    expected: string,
    change: (header: Block["header"], random: SeededRandom) => Partial<Block["header"]>,
  ) =>
  (random: SeededRandom, { block, real }: Mined): Mutation => {
    const header = { ...block.header, ...change(block.header, random) };
    return { kind, block: worked({ ...block, header }, real.network), expected };
  };

const place = (random: SeededRandom, list: readonly unknown[]): number => below(random, list.length);
const CHECKS = new Uint8Array(20_001).fill(OP.CHECKSIG);
const nullOutpoint = { txid: NULL_TXID, vout: COINBASE_VOUT };

const STRUCTURE: readonly MinedChange[] = [
  (_random, mined) => says("no transactions", mined, [], "bad-blk-length"),
  (_random, mined) => says("no coinbase", mined, mined.block.txs.slice(1), "bad-cb-missing"),
  (random, mined) => {
    const { txs } = mined.block;
    const other = withInput(txs[0] as Tx, 0, { sequence: below(random, 1000) });
    return says("two coinbases", mined, inserted(txs, 1 + place(random, txs), other), "bad-cb-multiple");
  },
  (random, mined) => {
    const at = oneOf(
      random,
      mined.childless.filter((index) => (mined.fees[index] ?? 0n) > 0n),
    );
    return at === undefined ? undefined : says("one less", mined, without(mined.block.txs, at), "bad-cb-amount");
  },
  (random, { block, ...mined }) => {
    const at = 1 + below(random, Math.max(block.txs.length - 1, 1));
    const tx = block.txs[at];
    if (tx === undefined) return undefined;
    // Beside itself it is a pair of equal hashes where the first of them has an even index.
    const expected = at % 2 === 0 ? "bad-txns-duplicate" : "bad-txns-inputs-missingorspent";
    return says("one twice", { block, ...mined }, inserted(block.txs, at, tx), expected);
  },
  (random, mined) => {
    const { txs } = mined.block;
    const ids = new Map(txs.map((tx, at) => [txidOf(tx), at]));
    const children = txs.flatMap((tx, at) =>
      at > 0 && tx.inputs.some((each) => ids.has(each.prevout.txid)) ? [at] : [],
    );
    const at = oneOf(random, children);
    if (at === undefined) return undefined;
    const moved = inserted(without(txs, at), 1, txs[at] as Tx);
    return says("a child before its parent", mined, moved, "bad-txns-inputs-missingorspent");
  },
];

const TRANSACTIONS: readonly MinedChange[] = [
  inOne("no inputs", "bad-txns-vin-empty", (tx) => ({ ...tx, inputs: [] })),
  inOne("no outputs", "bad-txns-vout-empty", (tx) => ({ ...tx, outputs: [] })),
  inOne("more than all coins", "bad-txns-txouttotal-toolarge", (tx, random) => {
    const all = { amount: 2_100_000_000_000_000n as TxOut["amount"] };
    const at = place(random, tx.outputs);
    const one = { ...(tx.outputs[at] as TxOut), amount: 1n as TxOut["amount"] };
    const full = withOutput(tx, at, all);
    return { ...full, outputs: [...full.outputs, one] };
  }),
  inOne("an output of more than all coins", "bad-txns-vout-toolarge", (tx, random) =>
    withOutput(tx, place(random, tx.outputs), { amount: (2_100_000_000_000_001n + BigInt(below(random, 9))) as never }),
  ),
  inOne("an output of less than nothing", "bad-txns-vout-negative", (tx, random) =>
    withOutput(tx, place(random, tx.outputs), { amount: (-1n - BigInt(below(random, 9))) as never }),
  ),
  inOne("an outpoint twice", "bad-txns-inputs-duplicate", (tx, random) => ({
    ...tx,
    inputs: inserted(tx.inputs, place(random, tx.inputs), tx.inputs[place(random, tx.inputs)] as TxIn),
  })),
  inOne("a null outpoint", "bad-txns-prevout-null", (tx, random) => ({
    ...tx,
    inputs: [...tx.inputs, { ...(tx.inputs[place(random, tx.inputs)] as TxIn), prevout: nullOutpoint }],
  })),
  inOne("another outpoint", "bad-txns-inputs-missingorspent", (tx, random) => {
    const into = place(random, tx.inputs);
    const { prevout } = tx.inputs[into] as TxIn;
    const txid = (below(random, 2) === 0 ? prevout.txid : [...prevout.txid].reverse().join("")) as Txid;
    return withInput(tx, into, { prevout: { txid, vout: prevout.vout + 100_000 } });
  }),
  inOne("more out than in", "bad-txns-in-belowout", (tx, random, fee) => {
    const at = place(random, tx.outputs);
    const amount = (tx.outputs[at] as TxOut).amount + fee + 1n + BigInt(below(random, 1000));
    return withOutput(tx, at, { amount: amount as TxOut["amount"] });
  }),
  inOne("too many signature checks", "bad-blk-sigops", (tx, random) =>
    withOutput(tx, place(random, tx.outputs), { script: CHECKS }),
  ),
  inOne("too long", "bad-blk-length", (tx, random) =>
    withOutput(tx, place(random, tx.outputs), { script: new Uint8Array(1_000_000) }),
  ),
  (random, mined) =>
    inOne("not yet final", "bad-txns-nonfinal", (tx) => ({
      ...withInput(tx, place(random, tx.inputs), { sequence: 0 }),
      locktime: mined.real.height + below(random, 1000),
    }))(random, mined),
];

const SIGNATURES: readonly MinedChange[] = [
  inSigned("another version", (tx) => ({ ...tx, version: tx.version === 1 ? 3 : 1 })),
  inSigned("another amount", (tx, random) => {
    const at = place(random, tx.outputs);
    const { amount } = tx.outputs[at] as TxOut;
    return amount === 0n ? undefined : withOutput(tx, at, { amount: (amount - 1n) as TxOut["amount"] });
  }),
  inSigned("another script", (tx, random) => {
    const at = place(random, tx.outputs);
    return withOutput(tx, at, { script: Uint8Array.of(...(tx.outputs[at] as TxOut).script, OP.NOP) });
  }),
  inSigned("an output less", (tx, random) =>
    tx.outputs.length < 2 ? undefined : { ...tx, outputs: without(tx.outputs, place(random, tx.outputs)) },
  ),
  inSigned("another key or signature", (tx, random, into) => {
    const { scriptSig } = tx.inputs[into] as TxIn;
    const signature = parseScript(scriptSig)?.[0]?.data;
    if (signature === undefined) return undefined;
    // Within S: what stands before it may have been written in more than one way once.
    const end = 1 + signature.length - 1;
    const bent =
      below(random, 2) === 0 ? flipped(random, scriptSig, end - 16, end) : flipped(random, scriptSig, end + 4);
    return withInput(tx, into, { scriptSig: bent });
  }),
  inSigned("no scriptSig", (tx, _random, into) => withInput(tx, into, { scriptSig: new Uint8Array(0) })),
  (random, mined) => {
    const own = (at: number): boolean => (mined.block.txs[at] as Tx).inputs.some(({ witness }) => witness.length > 0);
    const at = oneOf(random, mined.childless.filter(own));
    const tx = at === undefined ? undefined : mined.block.txs[at];
    const into = tx?.inputs.findIndex(({ witness }) => witness.length > 0);
    if (at === undefined || tx === undefined || into === undefined) return undefined;
    const witness = (tx.inputs[into] as TxIn).witness.slice(0, -1);
    const code = "block-script-verify-flag-failed";
    return says(
      "a witness without its last item",
      mined,
      replaced(mined.block.txs, at, withInput(tx, into, { witness })),
      code,
    );
  },
];

const COINBASE: readonly MinedChange[] = [
  inCoinbase("too short a script", "bad-cb-length", (coinbase, random) =>
    withInput(coinbase, 0, { scriptSig: random.bytes(1) }),
  ),
  inCoinbase("too long a script", "bad-cb-length", (coinbase, random) =>
    withInput(coinbase, 0, { scriptSig: random.bytes(101) }),
  ),
  (random, mined) =>
    inCoinbase("another height", "bad-cb-height", (coinbase) => {
      const height = script(BigInt(mined.real.height + 1 + below(random, 1000)));
      return withInput(coinbase, 0, { scriptSig: Uint8Array.of(...height, 0, 0) });
    })(random, mined),
  inCoinbase("too much", "bad-cb-amount", (coinbase, random) => {
    const at = place(random, coinbase.outputs);
    const amount = (coinbase.outputs[at] as TxOut).amount + 1n + BigInt(below(random, 1000));
    return withOutput(coinbase, at, { amount: amount as TxOut["amount"] });
  }),
  (random, mined) => {
    const coinbase = mined.block.txs[0] as Tx;
    const at = commitmentOutputOf(coinbase);
    if (at === undefined) return undefined;
    const bytes = flipped(random, (coinbase.outputs[at] as TxOut).script, 6, 38);
    const block = withTx(mined.block, 0, withOutput(coinbase, at, { script: bytes }));
    const header = { ...block.header, merkleRoot: txMerkleRoot(block.txs).root };
    if (equalBytes(header.merkleRoot, mined.block.header.merkleRoot)) return undefined;
    const expected = "bad-witness-merkle-match";
    return { kind: "another commitment", block: worked({ ...block, header }, mined.real.network), expected };
  },
];

const HEADER: readonly MinedChange[] = [
  inHeader("another target", "bad-diffbits", (_header, random) => ({ bits: EASY_BITS - 1 - below(random, 0x3f_ffff) })),
  inHeader("too early", "time-too-old", ({ time }, random) => ({ time: time - 1300 - below(random, 100_000) })),
  inHeader("too late", "time-too-new", ({ time }, random) => ({ time: time + 7201 + below(random, 100_000) })),
  inHeader("another parent", "prev-blk-not-found", (header) => ({
    previous: [...header.previous].reverse().join("") as typeof header.previous,
  })),
  inHeader("an old version", "bad-version", (_header, random) => ({ version: 1 - below(random, 1000) })),
];

/** What the rules about coins and scripts judge comes up more often. */
export const BY_A_MINER: readonly MinedChange[] = [
  ...STRUCTURE,
  ...TRANSACTIONS,
  ...SIGNATURES,
  ...SIGNATURES,
  ...COINBASE,
  ...HEADER,
];
