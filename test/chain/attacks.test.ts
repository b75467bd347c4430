import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import { hashBytes, txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { blockHeight, SAT_MAX } from "../../src/base/units.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { encodeDer } from "../../src/bitcoin/der.ts";
import { merkleRoot } from "../../src/bitcoin/merkle.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { decodeClaimedTx, decodeTx, encodeTx, type Tx } from "../../src/bitcoin/tx.ts";
import { nodeBrain, takeBlock, takePackage } from "../../src/chain/brain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { type MemoryStorage, memoryStorage } from "../../src/chain/memory-storage.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  countCoins,
  give,
  grow,
  input,
  matured,
  NOW,
  outpointOf,
  output,
  solve,
  spend,
  verdict,
} from "./builder.ts";
import { coinOf, refused } from "./pool-bench.ts";

const nodeOf = ({ brain }: Bench, block: Block): HeaderNode =>
  present(brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a known header");

describe("B1: an output is spent once (CVE-2018-17144)", () => {
  const chain = matured(3);
  const [coin, other] = chain.coins as [(typeof chain.coins)[0], (typeof chain.coins)[0]];
  const whole = { coins: coinSet(chain), totals: chain.storage.totals() };
  const judged = (txs: readonly Tx[]): string => verdict(chain, { txs });
  const unchanged = (): void => {
    expect({ coins: coinSet(chain), totals: chain.storage.totals() }).to.deep.equal(whole);
  };

  it("B1: not twice by one transaction in a block, wherever its inputs stand", () => {
    expect(judged([spend([coin, coin], [output(2n * COIN)])])).to.equal("bad-txns-inputs-duplicate");
    expect(judged([spend([coin, other, coin], [output(3n * COIN)])])).to.equal("bad-txns-inputs-duplicate");
    unchanged();
  });
  it("B1: not by two transactions of a block, nor the output of a third in it", () => {
    const twice = [spend([coin], [output(COIN)]), spend([coin], [output(COIN - 1n)])];
    expect(judged(twice)).to.equal("bad-txns-inputs-missingorspent");
    const parent = spend([coin], [output(COIN)]);
    const children = [1n, 2n].map((less) => spend([outpointOf(parent)], [output(COIN - less)]));
    expect(judged([parent, ...children])).to.equal("bad-txns-inputs-missingorspent");
    unchanged();
  });
  it("B1: not in the mempool either", () => {
    refused(chain, spend([coin, coin], [output(COIN)]), "bad-txns-inputs-duplicate");
  });
  it("B1: a block that was refused for it makes nothing out of nothing", () => {
    expect(countCoins(chain)).to.deep.equal(whole.totals);
  });
});

describe("B20: an output of less than nothing or more than all coins (CVE-2010-5139)", () => {
  const chain = matured(1);
  const coin = chain.coins[0] as (typeof chain.coins)[0];
  const before = { coins: coinSet(chain), totals: chain.storage.totals() };
  const CASES: readonly (readonly [string, readonly bigint[]])[] = [
    ["bad-txns-vout-negative", [-1n]],
    ["bad-txns-vout-negative", [COIN, -(2n ** 63n)]],
    ["bad-txns-vout-toolarge", [SAT_MAX + 1n]],
    // In 64 bits the sum of the two is a little below the coin: so 184 billion coins were made once.
    ["bad-txns-vout-toolarge", [2n ** 63n - 1n, 2n ** 63n - 1n]],
    ["bad-txns-txouttotal-toolarge", [SAT_MAX, 1n]],
  ];
  const paying = (amounts: readonly bigint[]): Tx => {
    const outputs = amounts.map((amount) => output(amount));
    const sent = decodeClaimedTx(encodeTx(spend([coin], outputs)));
    // What a stranger sends: the amounts are not known to be any.
    return (sent.ok ? sent.value : expect.fail("it decodes")) as Tx;
  };
  for (const [reason, amounts] of CASES) {
    it(`B20: ${amounts.join(" and ")} sat: ${reason}, in a block, in the coinbase, alone and in a package`, () => {
      const tx = paying(amounts);
      expect(verdict(chain, { txs: [tx] })).to.equal(reason);
      const greedy = (coinbase: Tx): Tx => ({ ...coinbase, outputs: [...tx.outputs, ...coinbase.outputs] });
      expect(verdict(chain, { coinbase: greedy })).to.equal(reason);
      refused(chain, tx, reason);
      const child = spend([outpointOf(tx)], [output(1n)]);
      const verdicts = takePackage(chain.brain, [tx, child], NOW).txs.map(
        (each) => each.tag === "Refused" && each.code,
      );
      expect(verdicts).to.deep.equal([reason, "bad-txns-inputs-missingorspent"]);
      expect({ coins: coinSet(chain), totals: chain.storage.totals() }).to.deep.equal(before);
      expect([chain.brain.pool.entries.size, chain.brain.chain.tip.height]).to.deep.equal([0, 101]);
    });
  }
});

describe("B3: transactions of 64 bytes", () => {
  /** Reads as a transaction, and as the txids of two. */
  const TWO_IN_ONE = fromHex(`0100000001${"11".repeat(32)}0000000000ffffffff01010000000000000004aabbccdd00000000`);
  /**
   * A block of two transactions, had somebody searched for txids that read together as one: 2^35 tries find them. Here they are
   * said to be its txids.
   */
  function poisoned(chain: Bench) {
    const whole = buildBlock(chain, { txs: [spend([coinOf(chain as never)], [output(COIN)])] });
    const txids = [TWO_IN_ONE.slice(0, 32), TWO_IN_ONE.slice(32)].map(txid);
    const merkle = merkleRoot(txids.map(hashBytes)).root;
    const { header } = solve({ ...whole, header: { ...whole.header, merkleRoot: merkle } });
    const tx = decodeTx(TWO_IN_ONE);
    if (!tx.ok) throw tx.error;
    const forged: Block = { header, txs: [tx.value] };
    return { hashed: { block: { ...whole, header }, hash: hashBlock(forged).hash, txids }, forged };
  }

  it("B3: a block whose two txids are sent as one transaction is refused, and taken when it comes whole", () => {
    const chain = matured(1);
    const { hashed, forged } = poisoned(chain);
    expect(hashBlock(forged).txids.map(hashBytes)).to.deep.equal([hashed.block.header.merkleRoot]);
    for (let again = 0; again < 3; again++) expect(give(chain, forged)).to.equal("bad-cb-missing");
    const { index } = chain.brain.chain;
    expect([index.invalid.size, index.bestHeader.hash]).to.deep.equal([0, hashed.hash]);
    expect(takeBlock(chain.brain, hashed, NOW))
      .to.have.nested.property("value.connected")
      .with.lengthOf(1);
  });
  it("B3: are never relayed", () => {
    const chain = matured(1);
    const unsigned = { ...spend([], []), inputs: [input(coinOf(chain), { witness: [] })] };
    const tx = { ...unsigned, outputs: [output(COIN - 10_000n, new Uint8Array(4).fill(OP.RETURN))] };
    expect(encodeTx(tx).length).to.equal(64);
    refused(chain, tx, "tx-size-small");
  });
});

/** Signed with an R that has a needless zero in front: what the first nodes took, and strict DER does not allow. */
function looseSpend(fund: Tx, secret: Uint8Array): Tx {
  const output0 = present(fund.outputs[0], "an output");
  const unsigned = { ...spend([], [output(COIN)]), inputs: [input(outpointOf(fund), { witness: [] })] };
  const digest = sighashesOf(unsigned).legacy(0, output0.script, SIGHASH_ALL);
  const der = encodeDer(secp256k1.sign(digest, secret));
  const [rLength = 0] = der.subarray(3, 4);
  const loose = Uint8Array.of(0x30, (der[1] ?? 0) + 1, 2, rLength + 1, 0, ...der.subarray(4), SIGHASH_ALL);
  return { ...unsigned, inputs: [input(outpointOf(fund), { witness: [], scriptSig: pushOnly(loose) })] };
}

describe("B6: a chain on a block that breaks BIP 66 (July 2015)", () => {
  const secret = new Uint8Array(32).fill(7);
  const paid = script(secp256k1.publicKey(secret), OP.CHECKSIG);
  /** A chain with a coin that a loose signature spends in the next block, if it may. */
  function loose(params: ChainParams) {
    const chain = matured(1, bench(params));
    const fund = spend(chain.coins, [output(COIN, paid)]);
    grow(chain, 1, { txs: [fund] });
    return { chain, tx: looseSpend(fund, secret) };
  }
  it("B6: is not followed however long it is, nor are its headers", () => {
    const { chain, tx } = loose(CHAINS.regtest);
    const { tip } = chain.brain.chain;
    const coins = coinSet(chain);
    const bad = buildBlock(chain, { txs: [tx] });
    expect(give(chain, bad)).to.have.nested.property("rejected[0].fault.detail", "input 0: SIG_DER");
    const given = extended(chain, nodeOf(chain, bad), 6).map((block) => give(chain, block));
    expect(given).to.deep.equal(["bad-prevblk", ...new Array(5).fill("prev-blk-not-found")]);
    expect({ tip: chain.brain.chain.tip, coins: coinSet(chain) }).to.deep.equal({ tip, coins });
    grow(chain, 1);
    expect(chain.brain.chain.tip.previous).to.equal(tip);
  });
  it("B6: is not followed when its six blocks come before the bad one", () => {
    const { chain, tx } = loose(CHAINS.regtest);
    const { tip } = chain.brain.chain;
    const bad = buildBlock(chain, { txs: [tx] });
    const onTip: HeaderNode = {
      ...tip,
      hash: hashBlock(bad).hash,
      header: bad.header,
      height: blockHeight(tip.height + 1),
    };
    const blocks = extended(chain, { ...onTip, previous: tip }, 6);
    // Their headers are all known before any of the blocks comes.
    for (const { header } of [bad, ...blocks]) takeBlock(chain.brain, hashBlock({ header, txs: [] }), NOW);
    for (const block of blocks.toReversed()) give(chain, block);
    expect(chain.brain.chain.index.bestHeader.height).to.equal(tip.height + 7);
    const update = give(chain, bad);
    expect(update).to.deep.include({ connected: [], disconnected: [] });
    expect([chain.brain.chain.tip, chain.brain.chain.index.bestHeader]).to.deep.equal([tip, tip]);
    expect(chain.brain.chain.index.invalid.size).to.equal(7);
  });
  it("B6: was right before BIP 66", () => {
    const { regtest } = CHAINS;
    const { chain, tx } = loose({ ...regtest, activation: { ...regtest.activation, bip66: 10_000 } });
    expect(verdict(chain, { txs: [tx] })).to.equal("accepted");
  });
});
/** Blocks one on another that the chain has not heard of. */
function extended(chain: Bench, from: HeaderNode, count: number): readonly Block[] {
  let previous = from;
  return Array.from({ length: count }, () => {
    const block = buildBlock(chain, { previous, time: previous.header.time + 1 });
    const height = blockHeight(previous.height + 1);
    previous = { ...previous, hash: hashBlock(block).hash, header: block.header, height, previous };
    return block;
  });
}

describe("B17: a flood of invalid blocks", () => {
  const COUNT = 100_000;
  /** A chain that counts what it writes. */
  function counting() {
    const memory = memoryStorage();
    const written: string[] = [];
    const storage: MemoryStorage = {
      ...memory,
      commit: (change) => {
        written.push(change.tag);
        memory.commit(change);
      },
    };
    const chain: Bench = { brain: nodeBrain(CHAINS.regtest, storage), storage, params: CHAINS.regtest };
    grow(chain, 1);
    written.length = 0;
    return { chain, written };
  }
  const known = ({ brain }: Bench): number => brain.chain.index.tree.nodes.size;

  it("B17: 100,000 blocks without proof of work leave no trace in memory or on disk", function () {
    this.timeout(60_000);
    const { chain, written } = counting();
    const { header, txs } = buildBlock(chain);
    const codes = new Set<unknown>();
    for (let nonce = 0, idle = 0; idle < COUNT; nonce++) {
      const block = { header: { ...header, nonce }, txs };
      if (hashBlock({ ...block, txs: [] }).hash < "8") continue;
      idle++;
      codes.add(give(chain, block));
    }
    expect([[...codes], written, known(chain)]).to.deep.equal([["high-hash"], [], 2]);
  });
  it("B17: 100,000 changed copies of one block leave its header, written once", function () {
    this.timeout(60_000);
    const { chain, written } = counting();
    const block = buildBlock(chain);
    const [coinbase] = block.txs as [Tx];
    const codes = new Set<unknown>();
    for (let locktime = 1; locktime <= COUNT; locktime++)
      codes.add(give(chain, { ...block, txs: [{ ...coinbase, locktime }] }));
    expect([[...codes], written, known(chain)]).to.deep.equal([["bad-txnmrklroot"], ["Headers"], 3]);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  });
  it("B17: of an invalid block with proof of work and root nothing is written but that it is invalid", () => {
    const { chain, written } = counting();
    const bad = buildBlock(chain, {
      coinbase: (coinbase) => ({
        ...coinbase,
        inputs: [{ ...coinbase.inputs[0], scriptSig: script(9n, 9n) } as never],
      }),
    });
    expect(give(chain, bad)).to.equal("bad-cb-height");
    for (let again = 0; again < 100; again++) expect(give(chain, bad)).to.equal("bad-prevblk");
    expect(written).to.deep.equal(["Headers", "Invalid"]);
  });
});
