import { expect } from "chai";
import { utf8 } from "../../../src/base/bytes.ts";
import { err, present } from "../../../src/base/result.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { blockHashOf } from "../../../src/bitcoin/block.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { gatherDocuments, isStamped } from "../../../src/chain/notary.ts";
import { checkProof } from "../../../src/chain/spv.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { fromChain } from "../../../src/daemon/command-fault.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { answer } from "../../support/answer.ts";
import { type Line, line, soon } from "../small-world.ts";

describe("The chain, looked at", () => {
  let world: Line["world"];
  let node: LabNode["node"];
  before(async () => {
    const built = await line(2);
    world = built.world;
    node = (built.nodes[0] as LabNode).node;
  });

  it("a block is the same by its hash and by its height, with its place and its sizes", async () => {
    const tip = await answer(node.chain());
    const block = present(await answer(node.chainBlock(blockHeight(tip.height - 3))), "a block below the tip");
    expect(await answer(node.chainBlock(block.hash))).to.deep.equal(block);
    expect(blockHashOf(block.header)).to.equal(block.hash);
    expect([block.height, block.confirmations, block.txids.length]).to.deep.equal([tip.height - 3, 4, 1]);
    expect(block.bytes).to.be.within(block.weight / 4, block.weight);
    expect(await answer(node.chainBlock(blockHeight(tip.height + 1)))).to.equal(undefined);
    expect(await answer(node.chainBlock("ab".repeat(32) as never))).to.equal(undefined);
  });

  it("a transaction shows what it spends and makes, its fee and its block; a coinbase has neither", async () => {
    const funding = present(node.channels()[0]?.funding, "the channel is funded");
    const view = present(await answer(node.chainTransaction(funding.txid)), "it is in the chain");
    const spent = view.spent.reduce((sum, output) => sum + present(output, "its coins are known").amount, 0n);
    const made = view.outputs.reduce((sum, { amount }) => sum + amount, 0n);
    expect(view.fee).to.equal(spent - made);
    expect(view.outputs[funding.vout]?.address).to.match(/^bcrt1q/);
    const block = present(await answer(node.chainBlock(present(view.block, "it is mined").hash)), "its block");
    expect(block.txids).to.include(funding.txid);
    const coinbase = present(
      await answer(node.chainTransaction(present(block.txids[0], "a coinbase"))),
      "it is in the chain",
    );
    expect([coinbase.fee, coinbase.spent]).to.deep.equal([undefined, [undefined]]);
    expect(await answer(node.chainTransaction("ab".repeat(32) as never))).to.equal(undefined);
  });

  it("a proof of a transaction holds for whoever knows the header alone", async () => {
    const funding = present(node.channels()[0]?.funding, "the channel is funded");
    const { proof, network, block } = present(await answer(node.chainProof(funding.txid)), "it is in the chain");
    expect(network).to.equal("regtest");
    expect(checkProof(proof, CHAINS.regtest)).to.deep.equal({
      ok: true,
      value: { txid: funding.txid, block: block.hash },
    });
    const placed = present(await answer(node.chainHeader(block.hash)), "its header");
    expect([placed.height, placed.header]).to.deep.equal([block.height, proof.header]);
  });

  it("an unspent output is there until it is spent", async () => {
    const funding = present(node.channels()[0]?.funding, "the channel is funded");
    const found = present(await answer(node.chainUnspent(funding)), "the channel is open");
    const { tx, block } = present(await answer(node.chainTransaction(funding.txid)), "it is in the chain");
    expect(found.output.amount).to.equal(tx.outputs[funding.vout]?.amount);
    expect([found.block.hash, found.coinbase]).to.deep.equal([block?.hash, false]);
    const [input] = tx.inputs;
    expect(await answer(node.chainUnspent(present(input, "it spends something").prevout))).to.equal(undefined);
  });

  it("what waits has no block and no proof, and is in the list of the mempool", async () => {
    const { address } = await soon(world, node.newAddress());
    const sent = await soon(world, node.send({ address, amount: sat(10_000n) }));
    if (!sent.ok) throw new Error(sent.error.detail);
    const { txid } = sent.value;
    expect((await answer(node.chainMempool())).map((waiting) => waiting.txid)).to.deep.equal([txid]);
    expect([(await answer(node.chainTransaction(txid)))?.block, await answer(node.chainProof(txid))]).to.deep.equal([
      undefined,
      undefined,
    ]);
    world.chain.mine(1);
    await world.pass(2_000);
    expect(await answer(node.chainMempool())).to.deep.equal([]);
    expect((await answer(node.chainTransaction(txid)))?.block?.confirmations).to.equal(1);
    expect(world.violations).to.deep.equal([]);
  });

  it("a stamp of documents goes into the chain, and its proof shows them", async () => {
    const { root, proofs } = gatherDocuments([sha256(utf8("one")), sha256(utf8("two"))]);
    const stamped = await soon(world, node.stamp({ root }));
    if (!stamped.ok) throw new Error(stamped.error.detail);
    world.chain.mine(1);
    await world.pass(2_000);
    const { proof } = present(await answer(node.chainProof(stamped.value.txid)), "it is mined");
    expect(proofs.map((place, at) => isStamped(sha256(utf8(at === 0 ? "one" : "two")), place, proof.tx))).to.deep.equal(
      [true, true],
    );
    expect(node.walletTransactions().find(({ txid }) => txid === stamped.value.txid)?.label).to.equal(
      "stamp of documents",
    );
    expect(world.violations).to.deep.equal([]);
  });
});

describe("A chain without an answer", () => {
  it("is told apart: never, no longer, not now", () => {
    const told = (["not_offered", "not_held", "unavailable"] as const).map((code) =>
      fromChain(err({ code, detail: "why" })),
    );
    expect(told).to.deep.equal([
      { ok: false, error: { code: "not_possible", detail: "why" } },
      { ok: false, error: { code: "not_found", detail: "why" } },
      { ok: false, error: { code: "chain_unavailable", detail: "why" } },
    ]);
  });
});
