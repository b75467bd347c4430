import { expect } from "chai";
import { sat } from "../../src/base/units.ts";
import { decodeBlock, encodeBlock } from "../../src/bitcoin/block.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { script } from "../../src/bitcoin/script.ts";
import { COINBASE_VOUT, NULL_TXID, type Tx, type TxIn, type TxOut } from "../../src/bitcoin/tx.ts";
import {
  ANYONE,
  bench,
  buildBlock,
  COIN,
  coinSet,
  give,
  grow,
  input,
  matured,
  NOW,
  output,
  type recommit,
  spend,
  verdict,
} from "./builder.ts";

const withInput = (tx: Tx, more: Partial<TxIn>): Tx => ({
  ...tx,
  inputs: tx.inputs.map((each, index) => (index === 0 ? { ...each, ...more } : each)),
});

describe("a block by itself", () => {
  const chain = matured(6);
  const [coin, other] = chain.coins as [(typeof chain.coins)[0], (typeof chain.coins)[0]];
  const good = spend([coin], [output(COIN)]);

  const judged = (txs: readonly Tx[]) => verdict(chain, { txs });

  it("refuses a merkle root that is not of its transactions", () => {
    expect(
      verdict(chain, { txs: [good], root: "as it was", twist: (block) => ({ ...block, txs: block.txs.slice(0, 1) }) }),
    ).to.equal("bad-txnmrklroot");
  });
  it("refuses transactions repeated so that the root stays, and takes the true block afterwards", () => {
    const fork = matured(6, bench());
    const txs = fork.coins.slice(0, 2).map((each) => spend([each], [output(COIN)]));
    const block = buildBlock(fork, { txs });
    const mutated = { ...block, txs: [...block.txs, block.txs[2] as Tx] };
    expect(give(fork, mutated)).to.equal("bad-txns-duplicate");
    expect(give(fork, block)).to.have.property("connected").with.lengthOf(1);
  });
  it("refuses a block without transactions", () => {
    expect(verdict(chain, { twist: (block) => ({ ...block, txs: [] }) })).to.equal("bad-blk-length");
  });
  it("refuses a block of more than a million stripped bytes", () => {
    const large = spend([coin], [output(0n, new Uint8Array(1_000_000).fill(OP.NOP))]);
    expect(judged([large])).to.equal("bad-blk-length");
  });
  it("refuses a block that does not begin with a coinbase", () => {
    expect(verdict(chain, { txs: [good], twist: ({ header, txs }) => ({ header, txs: txs.slice(1) }) })).to.equal(
      "bad-cb-missing",
    );
  });
  it("refuses a second coinbase", () => {
    expect(
      verdict(chain, {
        twist: ({ header, txs }) => ({ header, txs: [...txs, withInput(txs[0] as Tx, { sequence: 1 })] }),
      }),
    ).to.equal("bad-cb-multiple");
  });
  it("refuses more signature checks than fit", () => {
    const checks = new Uint8Array(20_001).fill(OP.CHECKSIG);
    expect(judged([spend([coin], [output(COIN, checks)])])).to.equal("bad-blk-sigops");
  });
  const bad: readonly (readonly [string, string, Tx])[] = [
    ["no input", "bad-txns-vin-empty", spend([], [output(1n)])],
    ["no output", "bad-txns-vout-empty", spend([coin], [])],
    [
      "outputs that together are above 21 million coins",
      "bad-txns-txouttotal-toolarge",
      spend([coin], [output(2_100_000_000_000_000n), output(1n)]),
    ],
    ["one outpoint spent twice", "bad-txns-inputs-duplicate", spend([coin, coin], [output(1n)])],
    [
      "a null outpoint among others",
      "bad-txns-prevout-null",
      spend([coin, { txid: NULL_TXID, vout: COINBASE_VOUT }], [output(1n)]),
    ],
  ];
  for (const [what, code, tx] of bad) {
    it(`refuses a transaction with ${what}`, () => expect(judged([tx])).to.equal(code));
  }
  it("is not even read with an output below zero or above 21 million coins", () => {
    const bytes = encodeBlock(buildBlock(chain, { txs: [spend([coin], [output(0x0123_4567_89ab_cdefn)])] }));
    expect(decodeBlock(bytes)).to.have.nested.property("error.code", "out_of_range");
  });
  it("refuses a coinbase whose script is shorter than 2 or longer than 100 bytes", () => {
    const sized = (length: number) => (coinbase: Tx) => withInput(coinbase, { scriptSig: new Uint8Array(length) });
    expect([1, 101].map((length) => verdict(chain, { coinbase: sized(length) }))).to.deep.equal([
      "bad-cb-length",
      "bad-cb-length",
    ]);
  });
  it("changes nothing when it refuses", () => {
    const before = coinSet(chain);
    expect(judged([spend([coin, other], [])])).to.equal("bad-txns-vout-empty");
    expect(coinSet(chain)).to.deep.equal(before);
  });
});

describe("a block in its place", () => {
  const chain = matured(3);
  const [coin] = chain.coins as [(typeof chain.coins)[0]];
  const height = () => chain.brain.chain.tip.height + 1;

  it("refuses a locktime at this height or later, unless every input is final", () => {
    const locked = (locktime: number, sequence: number): Tx => ({
      ...spend([], [output(COIN)]),
      inputs: [input(coin, { sequence })],
      locktime,
    });
    expect(verdict(chain, { txs: [locked(height(), 0xffff_fffe)] })).to.equal("bad-txns-nonfinal");
    expect(verdict({ ...matured(3) }, { txs: [] })).to.equal("accepted");
    const fork = matured(1);
    const [own] = fork.coins as [(typeof chain.coins)[0]];
    const final = { ...locked(height(), 0xffff_ffff), inputs: [input(own)] };
    expect(verdict(fork, { txs: [final] })).to.equal("accepted");
  });
  it("compares a locktime in time with the median of past times, not with its own", () => {
    const fork = matured(1);
    const [own] = fork.coins as [(typeof chain.coins)[0]];
    grow(fork, 11, { time: NOW + 600 });
    const locked: Tx = { ...spend([], [output(COIN)]), inputs: [input(own, { sequence: 0 })], locktime: NOW + 700 };
    expect(verdict(fork, { txs: [locked], time: NOW + 1000 })).to.equal("bad-txns-nonfinal");
    grow(fork, 6, { time: NOW + 1000 });
    expect(verdict(fork, { txs: [locked], time: NOW + 1001 })).to.equal("accepted");
  });
  it("refuses a coinbase that does not begin with the height", () => {
    const scriptSig = script(BigInt(height() + 1), new Uint8Array(4));
    expect(verdict(chain, { coinbase: (coinbase) => withInput(coinbase, { scriptSig }) })).to.equal("bad-cb-height");
  });
  it("refuses a reserved witness value that is not one item of 32 bytes", () => {
    const shapes = [[], [new Uint8Array(31)], [new Uint8Array(32), new Uint8Array(32)]];
    const verdicts = shapes.map((witness) =>
      verdict(chain, { coinbase: (coinbase) => withInput(coinbase, { witness }) }),
    );
    expect(verdicts).to.deep.equal(shapes.map(() => "bad-witness-nonce-size"));
  });
  it("refuses witnesses other than those committed to", () => {
    const tx = spend([coin], [output(COIN)]);
    const changed = { ...tx, inputs: [input(coin, { witness: [new Uint8Array(1)] })] };
    const twist = (block: Parameters<typeof recommit>[0]) => ({ ...block, txs: [block.txs[0] as Tx, changed] });
    expect(verdict(chain, { txs: [tx], twist })).to.equal("bad-witness-merkle-match");
  });
  it("refuses witnesses where nothing commits to them", () => {
    const bare = (coinbase: Tx): Tx => ({ ...coinbase, outputs: coinbase.outputs.slice(0, 1) });
    expect(verdict(chain, { txs: [spend([coin], [output(COIN)])], coinbase: bare })).to.equal("unexpected-witness");
  });
  it("needs no commitment where there is no witness", () => {
    const bare = (coinbase: Tx): Tx => ({
      ...withInput(coinbase, { witness: [] }),
      outputs: coinbase.outputs.slice(0, 1),
    });
    expect(verdict(matured(1), { coinbase: bare })).to.equal("accepted");
  });
  it("refuses more than four million weight units", () => {
    const heavy = { ...spend([coin], [output(COIN)]), inputs: [input(coin, { witness: [new Uint8Array(4_000_000)] })] };
    expect(verdict(chain, { txs: [heavy] })).to.equal("bad-blk-weight");
  });
  it("takes the true block after its witnesses were changed on the way", () => {
    const fork = matured(1);
    const [own] = fork.coins as [(typeof chain.coins)[0]];
    const block = buildBlock(fork, { txs: [spend([own], [output(COIN)])] });
    const [coinbase, tx] = block.txs as [Tx, Tx];
    expect(give(fork, { ...block, txs: [coinbase, withInput(tx, { witness: [] })] })).to.equal(
      "bad-witness-merkle-match",
    );
    expect(give(fork, block)).to.have.property("connected").with.lengthOf(1);
  });
  it("remembers a block that can never be right, and refuses what stands on it", () => {
    const fork = matured(1);
    const block = buildBlock(fork, {
      coinbase: (coinbase) => withInput(coinbase, { scriptSig: script(1n, new Uint8Array(4)) }),
    });
    expect(give(fork, block)).to.equal("bad-cb-height");
    expect(give(fork, block)).to.equal("bad-prevblk");
  });
  const unused: readonly TxOut[] = [{ amount: sat(0n), script: ANYONE }];
  it("takes an output of nothing", () => {
    const fork = matured(1);
    expect(verdict(fork, { txs: [spend(fork.coins, unused)], fees: 0n })).to.equal("accepted");
  });
});
