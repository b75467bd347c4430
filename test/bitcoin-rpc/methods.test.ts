import { expect } from "chai";
import { toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { encodeBlock } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { script } from "../../src/bitcoin/script.ts";
import { encodeTx, type Tx, txidOf, vsizeOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import { WAITS_MAX } from "../../src/bitcoin-rpc/methods/waiting.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { settle } from "../adapters/chain/world.ts";
import { ANYONE, buildBlock, COIN, fakeOutpoint, input, outpointOf, output, spend } from "../chain/builder.ts";
import { answer } from "../support/answer.ts";
import { type RpcWorld, rpcWorld } from "./world.ts";

const ADDRESS = addressOf(ANYONE, CHAINS.regtest) as string;
type Fields = Readonly<Record<string, unknown>>;

describe("Bitcoin Core's JSON-RPC: methods", () => {
  let world: RpcWorld;
  let coin: Tx;
  const hexOf = (tx: Tx): string => toHex(encodeTx(tx));
  beforeEach(async () => {
    world = await rpcWorld();
    await answer(world.node.mine(101, ANYONE));
    coin = world.node.whole.blockAt(1 as never)?.txs[0] as Tx;
  });
  afterEach(() => world.close());

  it("help lists them all, and shows how each is called", async () => {
    const names = String(await world.call("help")).split("\n");
    expect(names).to.include.members(["getblockchaininfo", "sendrawtransaction", "getrawmempool", "submitpackage"]);
    for (const name of names) expect(await world.call("help", name), name).to.match(new RegExp(`^${name}`));
  });
  it("tell of the chain and of blocks at every verbosity", async () => {
    const tip = world.node.whole.blockAt(101 as never);
    const hash = await world.call("getbestblockhash");
    expect(await world.call("getblockchaininfo")).to.deep.include({
      chain: "regtest",
      blocks: 101,
      headers: 101,
      bestblockhash: hash,
      initialblockdownload: false,
      pruned: false,
    });
    expect(await world.call("getblockhash", 101)).to.equal(hash);
    const raw = tip && toHex(encodeBlock(tip));
    expect(await world.call("getblock", hash, 0)).to.equal(raw);
    expect(await world.call("getblockheader", hash, false)).to.equal(raw?.slice(0, 160));
    const header = (await world.call("getblockheader", hash)) as Fields;
    expect(header).to.deep.include({ hash, height: 101, confirmations: 1, nTx: 1, bits: "207fffff" });
    expect(header["difficulty"]).to.equal(4.6565423739069247e-10);
    const [one, two] = [
      (await world.call("getblock", hash)) as Fields,
      (await world.call("getblock", hash, 2)) as Fields,
    ];
    expect(one["tx"]).to.deep.equal([txidOf(tip?.txs[0] as Tx)]);
    expect((two["tx"] as readonly Fields[])[0]?.["txid"]).to.equal((one["tx"] as readonly string[])[0]);
    expect(await world.call("getblock", "ab".repeat(32))).to.deep.equal([-5, "Block not found"]);
  });
  it("print amounts with eight decimals, from satoshis alone", async () => {
    const { text } = await world.post(JSON.stringify({ method: "gettxout", params: [txidOf(coin), 0], id: 1 }));
    expect(text).to.match(/"value":50\.00000000,/);
    const tx = spend([outpointOf(coin)], [output(1n), output(COIN - 100_001n)]);
    const decoded = await world.post(JSON.stringify({ method: "decoderawtransaction", params: [hexOf(tx)], id: 1 }));
    expect(decoded.text).to.match(/"value":0\.00000001,.*"value":49\.99899999,/);
  });
  it("take a transaction, show it waiting, and show it mined with what it spent", async () => {
    const tx = spend([outpointOf(coin)], [output(COIN - 1000n)]);
    const [txid, wtxid, vsize] = [txidOf(tx), wtxidOf(tx), vsizeOf(tx)];
    expect({ list: await world.call("testmempoolaccept", [hexOf(tx)]) }).to.deep.nested.include({
      "list[0].allowed": true,
      "list[0].vsize": vsize,
    });
    expect(await world.call("sendrawtransaction", hexOf(tx))).to.equal(txid);
    expect(await world.call("sendrawtransaction", hexOf(tx)), "known already").to.equal(txid);
    expect(await world.call("getrawmempool")).to.deep.equal([txid]);
    expect(await world.call("getrawmempool", false, true)).to.deep.equal({ txids: [txid], mempool_sequence: 2 });
    expect(await world.call("getrawmempool", true, true)).to.have.property("0", -8);
    expect(await world.call("getmempoolentry", txid)).to.deep.nested.include({
      vsize,
      wtxid,
      ancestorcount: 1,
      "fees.base": 0.00001,
    });
    expect(await world.call("getrawtransaction", txid)).to.equal(hexOf(tx));
    expect(await world.call("gettxout", txidOf(coin), 0), "spent in the mempool").to.equal(null);
    expect(await world.call("gettxout", txidOf(coin), 0, false)).to.deep.include({ value: 50, coinbase: true });
    const [block] = (await world.call("generatetoaddress", 1, ADDRESS)) as readonly string[];
    expect(await world.call("getrawtransaction", txid, 2)).to.deep.nested.include({
      txid,
      hash: wtxid,
      blockhash: block,
      confirmations: 1,
      fee: 0.00001,
      "vin[0].prevout.value": 50,
      "vin[0].prevout.generated": true,
    });
    expect(await world.call("getrawtransaction", txid, 1, block)).to.deep.include({ in_active_chain: true });
    expect(await world.call("sendrawtransaction", hexOf(tx))).to.deep.equal([
      -27,
      "Transaction outputs already in utxo set",
    ]);
  });
  it("refuse transactions with Core's codes and reasons", async () => {
    const missing = spend([fakeOutpoint(1)], [output(1000n)]);
    expect(await world.call("sendrawtransaction", hexOf(missing))).to.deep.equal([
      -25,
      "bad-txns-inputs-missingorspent",
    ]);
    const cheap = spend([outpointOf(coin)], [output(COIN)]);
    const refused = (await world.call("sendrawtransaction", hexOf(cheap))) as readonly unknown[];
    expect(refused[0]).to.equal(-26);
    expect(refused[1]).to.match(/^min relay fee not met/);
    const dear = spend([outpointOf(coin)], [output(COIN - 10_000_000n)]);
    expect(await world.call("sendrawtransaction", hexOf(dear))).to.deep.equal([
      -25,
      "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)",
    ]);
    expect(await world.call("sendrawtransaction", hexOf(dear), 0)).to.equal(txidOf(dear));
    const burnt = [-25, "Unspendable output exceeds maximum configured by user (maxburnamount)"];
    const burning = spend([outpointOf(coin)], [output(COIN - 2_000n), output(1_000n, Uint8Array.of(0x6a))]);
    expect(await world.call("sendrawtransaction", hexOf(burning))).to.deep.equal(burnt);
    expect(await world.call("sendrawtransaction", hexOf(burning), null, 0.00000999)).to.deep.equal(burnt);
    expect(await world.call("submitpackage", [hexOf(burning)])).to.deep.equal(burnt);
    expect(await world.call("sendrawtransaction", "00")).to.deep.equal([
      -22,
      "TX decode failed. Make sure the tx has at least one input.",
    ]);
    expect(await world.call("getrawtransaction", "ab".repeat(32))).to.have.property("0", -5);
    expect({ list: await world.call("testmempoolaccept", [hexOf(missing)]) }).to.deep.nested.include({
      "list[0].allowed": false,
      "list[0].reject-reason": "missing-inputs",
    });
  });
  it("B20: say of amounts that are none what Core says, and print them where they are only shown", async () => {
    const { tip } = world.node.brain.chain;
    for (const [amount, reason, value] of [
      [-1n, "bad-txns-vout-negative", "-0.00000001"],
      [2n ** 63n - 1n, "bad-txns-vout-toolarge", "92233720368.54775807"],
      [-(2n ** 63n), "bad-txns-vout-negative", "-92233720368.54775808"],
    ] as const) {
      const tx = spend([outpointOf(coin)], [output(amount)]);
      expect(await world.call("sendrawtransaction", hexOf(tx))).to.deep.equal([-26, reason]);
      expect({ list: await world.call("testmempoolaccept", [hexOf(tx)]) }).to.deep.nested.include({
        "list[0].allowed": false,
        "list[0].reject-reason": reason,
      });
      const decoded = await world.post(JSON.stringify({ method: "decoderawtransaction", params: [hexOf(tx)], id: 1 }));
      expect(decoded.text).to.include(`"value":${value},`);
      const block = buildBlock({ brain: world.node.brain, params: CHAINS.regtest }, { txs: [tx], previous: tip });
      expect(await world.call("submitblock", toHex(encodeBlock(block)))).to.equal(reason);
    }
    expect([world.node.brain.chain.tip, await world.call("getrawmempool")]).to.deep.equal([tip, []]);
  });
  it("say by Core's words which rule of a script is broken, in the mempool and in a block", async () => {
    const { tip } = world.node.brain.chain;
    const denied = spend([], [output(COIN - 1_000n)], { inputs: [input(outpointOf(coin), { witness: [script(0n)] })] });
    const rule = "(Witness program hash mismatch)";
    const whole = `mempool-script-verify-flag-failed ${rule}, input 0: WITNESS_PROGRAM_MISMATCH`;
    expect(await world.call("sendrawtransaction", hexOf(denied))).to.deep.equal([-26, whole]);
    expect({ list: await world.call("testmempoolaccept", [hexOf(denied)]) }).to.deep.nested.include({
      "list[0].reject-reason": `mempool-script-verify-flag-failed ${rule}`,
      "list[0].reject-details": whole,
    });
    const block = buildBlock({ brain: world.node.brain, params: CHAINS.regtest }, { txs: [denied], previous: tip });
    expect(await world.call("submitblock", toHex(encodeBlock(block)))).to.equal(
      `block-script-verify-flag-failed ${rule}`,
    );
    expect(world.node.brain.chain.tip).to.equal(tip);
  });
  it("call a block inconclusive that stands beside the best chain, and null one that is on it", async () => {
    const { brain } = world.node;
    const previous = brain.chain.tip.previous ?? expect.fail();
    const beside = buildBlock({ brain, params: CHAINS.regtest }, { previous });
    const submit = (block: typeof beside) => world.call("submitblock", toHex(encodeBlock(block)));
    expect([await submit(beside), await submit(beside)]).to.deep.equal(["inconclusive", "duplicate"]);
    const fork = brain.chain.index.tree.nodes.get(hashBlock(beside).hash) ?? expect.fail();
    const next = buildBlock({ brain, params: CHAINS.regtest }, { previous: fork });
    expect([await submit(next), brain.chain.tip.hash]).to.deep.equal([null, hashBlock(next).hash]);
  });
  it("look at whole heights alone", async () => {
    expect(await world.call("getblockstats", 1.5)).to.deep.equal([-1, "JSON integer out of range"]);
    expect(await world.call("getblockhash", 1.5)).to.deep.equal([-1, "JSON integer out of range"]);
  });
  it("take a child that pays for its parent", async () => {
    const parent = spend([outpointOf(coin)], [output(COIN)], { version: 3 });
    const child = spend([outpointOf(parent)], [output(COIN - 5000n)], { version: 3 });
    const verdict = (await world.call("submitpackage", [hexOf(parent), hexOf(child)])) as Fields;
    expect(verdict["package_msg"]).to.equal("success");
    expect(Object.keys(verdict["tx-results"] as object)).to.deep.equal([parent, child].map(wtxidOf));
    expect(await world.call("getmempoolancestors", txidOf(child))).to.deep.equal([txidOf(parent)]);
    expect(await world.call("getmempooldescendants", txidOf(parent))).to.deep.equal([txidOf(child)]);
    expect(await world.call("getmempoolentry", "ab".repeat(32))).to.deep.equal([-5, "Transaction not in mempool"]);
  });
  it("wait for blocks", async () => {
    const waiting = [world.call("waitfornewblock"), world.call("waitforblockheight", 103)];
    while ((await world.call("waitforblockheight", 1)) === undefined);
    await answer(world.node.mine(2, ANYONE));
    expect((await waiting[1]) as Fields).to.include({ height: 103 });
    expect(await world.call("waitforblock", world.node.tip().hash)).to.include({ height: 103 });
    await answer(world.node.mine(1, ANYONE));
    await waiting[0];
    const [old, best] = [await world.call("getblockhash", 103), world.node.tip()];
    expect(await world.call("waitfornewblock", 0, old)).to.deep.equal({ hash: best.hash, height: best.height });
    expect(await world.call("waitfornewblock", -1)).to.deep.equal([-1, "Negative timeout"]);
  });
  it("wait for blocks: not too many at once, and no longer than is asked", async () => {
    const { hash } = world.node.tip();
    const waiting = Array.from({ length: WAITS_MAX }, () => world.call("waitfornewblock", 5_000));
    const full = [-1, "16 calls wait for a block already"];
    while (String(await world.call("waitfornewblock", 1)) !== String(full)) world.clock.pass(1);
    expect(await world.call("getblockcount")).to.equal(world.node.tip().height);
    world.clock.pass(5_000);
    expect(new Set(await Promise.all(waiting.map(async (one) => ((await one) as Fields)["hash"])))).to.deep.equal(
      new Set([hash]),
    );
  });
  it("tell of scripts and addresses", async () => {
    expect(await world.call("validateaddress", ADDRESS)).to.deep.include({
      isvalid: true,
      iswitness: true,
      witness_version: 0,
    });
    expect(await world.call("validateaddress", "bc1q")).to.deep.include({ isvalid: false });
    expect(await world.call("decodescript", "51")).to.deep.include({ asm: "1", type: "nonstandard" });
    expect(await world.call("decodescript", `76a914${"07".repeat(20)}88ac`)).to.deep.include({
      asm: `OP_DUP OP_HASH160 ${"07".repeat(20)} OP_EQUALVERIFY OP_CHECKSIG`,
      type: "pubkeyhash",
    });
  });
  it("tell of the node", async () => {
    expect(await world.call("getnetworkinfo")).to.deep.include({
      version: 300_000,
      connections: 0,
      relayfee: 0.000001,
    });
    expect(await world.call("getmempoolinfo")).to.deep.include({ loaded: true, size: 0, mempoolminfee: 0.000001 });
    expect(await world.call("estimatesmartfee", 6)).to.deep.equal({
      errors: ["Insufficient data or no feerate found"],
      blocks: 6,
    });
    expect(await world.call("getindexinfo", "txindex")).to.deep.equal({
      txindex: { synced: true, best_block_height: 101 },
    });
    expect(await world.call("gettxoutsetinfo", "none")).to.deep.include({
      height: 101,
      txouts: 101,
      total_amount: 5050,
    });
    const filter = (await world.call("getblockfilter", await world.call("getblockhash", 1))) as Fields;
    expect(filter).to.have.keys("filter", "header");
    for (const name of ["uptime", "getconnectioncount"]) expect(await world.call(name)).to.equal(0);
    expect([await world.call("getpeerinfo"), await world.call("getzmqnotifications")]).to.deep.equal([[], []]);
    expect([await world.call("stop"), world.stopped()]).to.deep.equal(["Sluice stopping", 1]);
  });
});

describe("Bitcoin Core's JSON-RPC: of a node that prunes", () => {
  it("says from where on blocks are kept, and of each that is gone that it is pruned", async () => {
    const world = await rpcWorld({}, { fileBytesMax: 2_500, pruneBytes: 10_000 });
    world.node.start(undefined, () => undefined);
    // The last block comes when everything before it was told.
    for (const blocks of [329, 1]) {
      for (let at = 0; at < blocks; at++) {
        world.node.submit(buildBlock({ brain: world.node.brain, params: CHAINS.regtest }));
      }
      await settle(world.clock, world.node);
      await world.node.settled();
    }
    const prunedTo = world.node.brain.chain.storage.prunedTo();
    expect(prunedTo).to.be.within(10, 42);
    expect(await world.call("getblockchaininfo")).to.deep.include({ pruned: true, pruneheight: prunedTo + 1 });
    const gone = await world.call("getblockhash", 1);
    expect(await world.call("getblock", gone)).to.deep.equal([-1, "Block not available (pruned data)"]);
    expect(await world.call("getblockheader", gone)).to.deep.include({ height: 1, nTx: 0 });
    const kept = await world.call("getblockhash", prunedTo + 1);
    expect(await world.call("getblock", kept)).to.deep.include({ height: prunedTo + 1, nTx: 1 });
    await world.close();
  });
});
