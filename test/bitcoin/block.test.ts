import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { hashBytes } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import { type Block, blockHashOf, blockWeight, decodeBlock, encodeBlock } from "../../src/bitcoin/block.ts";
import { checkTransaction } from "../../src/bitcoin/check.ts";
import { consensusFlags } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../src/bitcoin/interpreter/verify.ts";
import {
  committedWitness,
  merkleBranch,
  rootOfBranch,
  txMerkleRoot,
  witnessCommitment,
  witnessMerkleRoot,
} from "../../src/bitcoin/merkle.ts";
import { CHAINS, type NetworkName, subsidyAt } from "../../src/bitcoin/params.ts";
import { hasProofOfWork } from "../../src/bitcoin/pow.ts";
import { sigopsCost } from "../../src/bitcoin/sigops.ts";
import { decodeTx, encodeTx, type Tx, type TxOut, txidOf, weightOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import { describeVectors, loadVectors, loadVectorText } from "../support/vectors.ts";

interface BlockRow {
  readonly file: string;
  readonly network: NetworkName;
  readonly height: number;
  readonly hash: string;
  readonly prev: string;
  readonly merkle_root: string;
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly version: number;
  readonly size: number;
  readonly weight: number;
  readonly tx_count: number;
  readonly sigops_cost?: number;
  readonly witness_commitment?: string;
  readonly merkle_branch_example?: {
    readonly tx_index: number;
    readonly txid: string;
    readonly branch_internal_order: readonly string[];
  };
  readonly prevouts_file?: string;
  readonly total_fees_sat?: number;
}

const blockOf = (hex: string): Block => {
  const decoded = decodeBlock(fromHex(hex));
  return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
};
/** The prevouts of each transaction but the coinbase, in order. */
function prevoutsOf(txs: readonly Tx[], flat: readonly (readonly [number, string])[]): readonly (readonly TxOut[])[] {
  const left = flat.map(([amount, script]): TxOut => ({ amount: sat(BigInt(amount)), script: fromHex(script) }));
  const byTx = txs.map((tx) => left.splice(0, tx.inputs.length));
  expect(left).to.deep.equal([]);
  return byTx;
}

function itIsDecoded(row: BlockRow, block: Block, hex: string): void {
  it(`${row.file}: header, size and weight are known, and it is written as it was read`, () => {
    const { version, previous, time, bits, nonce } = block.header;
    expect({ version, previous, time, bits: bits.toString(16), nonce }).to.deep.equal({
      version: row.version,
      previous: row.prev,
      time: row.time,
      bits: row.bits,
      nonce: row.nonce,
    });
    expect(blockHashOf(block.header)).to.equal(row.hash);
    expect(hasProofOfWork(blockHashOf(block.header), bits, CHAINS[row.network])).to.equal(true);
    expect([block.txs.length, hex.length / 2, blockWeight(block)]).to.deep.equal([row.tx_count, row.size, row.weight]);
    expect(toHex(encodeBlock(block))).to.equal(hex);
    for (const tx of block.txs) expect(checkTransaction(tx)).to.deep.equal({ ok: true, value: tx });
  });
}

function itIsCommittedTo(row: BlockRow, { header, txs }: Block): void {
  const hashes = txs.map((tx) => hashBytes(txidOf(tx)));
  it(`${row.file}: merkle root and branch`, () => {
    expect(txMerkleRoot(txs)).to.deep.equal({ root: header.merkleRoot, mutated: false });
    expect(toHex(header.merkleRoot.slice().reverse())).to.equal(row.merkle_root);
    if (row.merkle_branch_example === undefined) return;
    const { tx_index, txid, branch_internal_order } = row.merkle_branch_example;
    expect(txs[tx_index] && txidOf(txs[tx_index])).to.equal(txid);
    const branch = merkleBranch(hashes, tx_index);
    expect(branch.map(toHex)).to.deep.equal(branch_internal_order);
    expect(rootOfBranch(hashes[tx_index] ?? expect.fail(), tx_index, branch)).to.deep.equal(header.merkleRoot);
  });
  it(`${row.file}: ${row.witness_commitment === undefined ? "no" : "its"} witness commitment`, () => {
    const coinbase = txs[0] ?? expect.fail();
    const committed = committedWitness(coinbase);
    expect(committed && toHex(committed)).to.equal(row.witness_commitment);
    const reserved = coinbase.inputs[0]?.witness[0];
    if (committed === undefined || reserved === undefined) return;
    expect(witnessCommitment(witnessMerkleRoot(txs), reserved)).to.deep.equal(committed);
  });
}

function itSpends(row: BlockRow, block: Block, flat: readonly (readonly [number, string])[]): void {
  const [coinbase, ...txs] = block.txs;
  const params = CHAINS[row.network];
  const prevouts = prevoutsOf(txs, flat);
  const flags = consensusFlags(row.height, params);
  it(`${row.file}: the scripts of all ${flat.length} inputs allow them`, () => {
    const refused = txs.map((tx, i) => verifyInputs(tx, prevouts[i] ?? [], flags)).filter(({ ok }) => !ok);
    expect(refused).to.deep.equal([]);
  });
  it(`${row.file}: fees, subsidy and signature checks add up`, () => {
    const sum = (outs: readonly TxOut[]): bigint => outs.reduce((total, { amount }) => total + amount, 0n);
    const fees = txs.reduce((total, tx, i) => total + sum(prevouts[i] ?? []) - sum(tx.outputs), 0n);
    expect(fees).to.equal(BigInt(row.total_fees_sat ?? -1));
    expect(sum(coinbase?.outputs ?? [])).to.equal(fees + subsidyAt(row.height, params));
    const cost = block.txs.reduce((total, tx, i) => total + sigopsCost(tx, prevouts[i - 1] ?? [], flags), 0);
    if (row.sigops_cost !== undefined) expect(cost).to.equal(row.sigops_cost);
  });
}

describeVectors<{ blocks: readonly BlockRow[] }>("whole blocks", "bitcoin/blocks/index.json", ({ blocks }) => {
  for (const row of blocks) {
    const hex =
      loadVectorText(`bitcoin/blocks/${row.file}`)?.trim() ?? expect.fail(`a block without its bytes: ${row.file}`);
    const block = blockOf(hex);
    itIsDecoded(row, block, hex);
    itIsCommittedTo(row, block);
    if (row.prevouts_file === undefined) continue;
    const flat = loadVectors<readonly (readonly [number, string])[]>(`bitcoin/blocks/${row.prevouts_file}`);
    itSpends(row, block, flat ?? expect.fail(`a block without its prevouts: ${row.file}`));
  }
});

describe("mainnet blocks 1 to 255", () => {
  const lines = loadVectorText("bitcoin/blocks/mainnet-1-255.txt")?.trim().split("\n");
  if (lines === undefined) {
    it.skip("has no vectors here: bitcoin/blocks/mainnet-1-255.txt");
    return;
  }
  it("follow one another with their roots and subsidies, and their spends within the set are allowed", () => {
    const outputs = new Map<string, TxOut>();
    let previous = CHAINS.mainnet.genesisHash;
    let spends = 0;
    lines.forEach((line, index) => {
      const block = blockOf(line);
      expect(toHex(encodeBlock(block))).to.equal(line);
      expect(block.header.previous).to.equal(previous);
      expect(txMerkleRoot(block.txs).root).to.deep.equal(block.header.merkleRoot);
      expect(block.txs[0]?.outputs[0]?.amount).to.equal(subsidyAt(index + 1, CHAINS.mainnet));
      for (const tx of block.txs) {
        tx.outputs.forEach((output, vout) => {
          outputs.set(`${txidOf(tx)}:${vout}`, output);
        });
      }
      for (const tx of block.txs.slice(1)) {
        const spent = tx.inputs.map(({ prevout }) => outputs.get(`${prevout.txid}:${prevout.vout}`) ?? expect.fail());
        expect(verifyInputs(tx, spent, consensusFlags(index + 1, CHAINS.mainnet))).to.deep.equal({
          ok: true,
          value: undefined,
        });
        spends += tx.inputs.length;
      }
      previous = blockHashOf(block.header);
    });
    expect(spends).to.be.above(0);
  });
});

interface TxCase {
  readonly name: string;
  readonly tx: string;
  readonly txid: string;
  readonly wtxid: string;
  readonly weight: number;
  readonly prevouts?: readonly (readonly [number, string])[];
}
describeVectors<readonly TxCase[]>("real transactions", "bitcoin/blocks/transactions.json", (cases) => {
  for (const { name, tx: hex, txid, wtxid, weight, prevouts } of cases) {
    it(`${name}: ids and weight are known, it is written as it was read${prevouts ? ", and its scripts allow it" : ""}`, () => {
      const decoded = decodeTx(fromHex(hex));
      const tx = decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
      expect([txidOf(tx), wtxidOf(tx), weightOf(tx)]).to.deep.equal([txid, wtxid, weight]);
      expect(toHex(encodeTx(tx))).to.equal(hex);
      if (prevouts === undefined) return;
      const [spent = []] = prevoutsOf([tx], prevouts);
      const flags = consensusFlags(300_000, CHAINS.mainnet);
      expect(verifyInputs(tx, spent, flags)).to.deep.equal({ ok: true, value: undefined });
    });
  }
});
