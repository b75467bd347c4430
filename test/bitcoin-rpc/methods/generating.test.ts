import { expect } from "chai";
import { parseHex, toHex } from "../../../src/base/bytes.ts";
import { addressOf } from "../../../src/bitcoin/address.ts";
import { decodeBlock } from "../../../src/bitcoin/block.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { p2wpkhOf } from "../../../src/bitcoin/templates.ts";
import { encodeTx, type Tx, txidOf, wtxidOf } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { ANYONE, COIN, fakeOutpoint, outpointOf, output, spend } from "../../chain/builder.ts";
import { answer } from "../../support/answer.ts";
import { type RpcWorld, rpcWorld } from "../world.ts";

const ADDRESS = addressOf(ANYONE, CHAINS.regtest) as string;
type Fields = Readonly<Record<string, unknown>>;
const hexOf = (tx: Tx): string => toHex(encodeTx(tx));

describe("Bitcoin Core's JSON-RPC: blocks made by hand", () => {
  let world: RpcWorld;
  let coins: readonly Tx[];
  beforeEach(async () => {
    world = await rpcWorld();
    await answer(world.node.mine(102, ANYONE));
    coins = [1, 2].map((height) => world.node.whole.blockAt(height as never)?.txs[0] as Tx);
  });
  afterEach(() => world.close());
  const coin = (at: number): Tx => coins[at] as Tx;

  it("generateblock takes exactly what is named, in its order, and the fees of it", async () => {
    const waiting = spend([outpointOf(coin(0))], [output(COIN - 1_000n)]);
    const parent = spend([outpointOf(coin(1))], [output(COIN)]);
    const child = spend([outpointOf(parent)], [output(COIN - 500n)]);
    await world.call("sendrawtransaction", hexOf(waiting));
    const { hash } = (await world.call("generateblock", ADDRESS, [hexOf(parent), hexOf(child)])) as Fields;
    const made = world.node.whole.block(hash as never);
    expect(made?.txs.slice(1).map(txidOf)).to.deep.equal([txidOf(parent), txidOf(child)]);
    expect(made?.txs[0]?.outputs[0]?.amount).to.equal(COIN + 500n);
    expect(await world.call("getrawmempool")).to.deep.equal([txidOf(waiting)]);
    const shown = (await world.call("generateblock", `raw(${toHex(ANYONE)})`, [txidOf(waiting)], false)) as Fields;
    const decoded = decodeBlock(parseHex(shown["hex"] as string) as Uint8Array);
    expect(decoded.ok && decoded.value.txs.slice(1).map(txidOf)).to.deep.equal([txidOf(waiting)]);
    expect(await world.call("getbestblockhash"), "it is only shown").to.equal(hash);
    expect(await world.call("submitblock", shown["hex"])).to.equal(null);
    expect(await world.call("getbestblockhash")).to.equal(shown["hash"]);
  });
  it("generateblock refuses what no block can hold, and changes nothing", async () => {
    const best = await world.call("getbestblockhash");
    const missing = spend([fakeOutpoint(1)], [output(1_000n)]);
    const more = spend([outpointOf(coin(0))], [output(COIN + 1n)]);
    const young = spend([outpointOf(world.node.whole.blockAt(102 as never)?.txs[0] as Tx)], [output(1_000n)]);
    const locked = spend(
      [outpointOf(coin(0))],
      [output(COIN - 1_000n, p2wpkhOf(secp256k1.publicKey(new Uint8Array(32).fill(1))))],
    );
    const unsigned = spend([outpointOf(locked)], [output(1_000n)]);
    const cases: readonly (readonly [string, readonly unknown[], number, RegExp])[] = [
      ["nobody", [], -5, /Invalid address or descriptor/],
      [ADDRESS, ["ab".repeat(32)], -5, /not in mempool/],
      [ADDRESS, ["00"], -22, /decode failed/],
      [ADDRESS, [5], -3, /transactions are text/],
      [ADDRESS, [hexOf(missing)], -25, /missingorspent/],
      [ADDRESS, [hexOf(more)], -25, /in-belowout/],
      [ADDRESS, [hexOf(young)], -25, /premature-spend-of-coinbase/],
      [ADDRESS, [hexOf(locked), hexOf(unsigned)], -25, /block-script-verify-flag-failed/],
    ];
    for (const [payee, txs, code, reason] of cases) {
      for (const submit of [true, false]) {
        const [found, text] = (await world.call("generateblock", payee, txs, submit)) as readonly [number, string];
        expect([found, reason.test(text)], text).to.deep.equal([code, true]);
      }
    }
    expect(await world.call("getbestblockhash")).to.equal(best);
  });
  it("generatetoaddress stops where its nonces end", async () => {
    const some = (await world.call("generatetoaddress", 500, ADDRESS, 40)) as readonly string[];
    // Half of all nonces are good.
    expect(some.length).to.be.within(1, 40);
    expect(await world.call("getblockcount")).to.equal(102 + some.length);
    expect(await world.call("generatetoaddress", 2, ADDRESS, 0)).to.deep.equal([]);
    expect(await world.call("generatetoaddress", 2, ADDRESS, 1_000)).to.have.length(2);
  });
  it("submitpackage lets nobody pay more than maxfeerate, and tells who does", async () => {
    const parent = spend([outpointOf(coin(0))], [output(COIN)], { version: 3 });
    const child = spend([outpointOf(parent)], [output(COIN - 10_000_000n)], { version: 3 });
    const both = [hexOf(parent), hexOf(child)];
    expect(await world.call("submitpackage", both)).to.deep.equal({
      package_msg: "transaction failed",
      "tx-results": {
        [wtxidOf(parent)]: { txid: txidOf(parent), error: "package-not-validated" },
        [wtxidOf(child)]: { txid: txidOf(child), error: "max feerate exceeded" },
      },
      "replaced-transactions": [],
    });
    expect(await world.call("getrawmempool")).to.deep.equal([]);
    expect(await world.call("submitpackage", both, 0)).to.deep.include({ package_msg: "success" });
  });
});
