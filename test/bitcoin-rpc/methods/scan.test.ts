import { HDKey } from "@scure/bip32";
import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { addressOf } from "../../../src/bitcoin/address.ts";
import { withChecksum } from "../../../src/bitcoin/descriptor-checksum.ts";
import { parseDescriptor } from "../../../src/bitcoin/descriptor-parse.ts";
import { scriptOf } from "../../../src/bitcoin/descriptor-script.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { encodeTx, type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { keychainOfSeed, TEST_VERSIONS } from "../../../src/daemon/keychain.ts";
import { publicDerivation } from "../../../src/daemon/wallet/descriptor-keys.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { answer } from "../../support/answer.ts";
import { type RpcWorld, rpcWorld } from "../world.ts";

type Fields = Readonly<Record<string, unknown>>;
const KEY = toHex(
  keychainOfSeed(new Uint8Array(64).fill(3), "regtest").walletKey({ type: "p2wpkh", branch: "external", index: 0 }),
);
const XPUB = HDKey.fromMasterSeed(new Uint8Array(32).fill(7), TEST_VERSIONS).publicExtendedKey;

describe("Bitcoin Core's JSON-RPC: numbers and coins", () => {
  let world: RpcWorld;
  let coin: Tx;
  beforeEach(async () => {
    world = await rpcWorld();
    await answer(world.node.mine(101, ANYONE));
    coin = world.node.whole.blockAt(1 as never)?.txs[0] as Tx;
  });
  afterEach(() => world.close());
  const scriptOfText = (text: string): Uint8Array => {
    const parsed = parseDescriptor(text, CHAINS.regtest);
    if (!parsed.ok) throw new Error(parsed.error.code);
    return scriptOf(parsed.value, 0, publicDerivation());
  };

  it("scantxoutset finds coins by descriptor, and says where they stand", async () => {
    const scripts = [`wpkh(${KEY})`, `pkh(${KEY})`].map(scriptOfText);
    const tx = spend(
      [outpointOf(coin)],
      scripts.map((script, at) => output(COIN / 4n - BigInt(at), script)),
    );
    const { hash } = (await world.call("generateblock", addressOf(ANYONE, CHAINS.regtest), [
      toHex(encodeTx(tx)),
    ])) as Fields;
    const found = (await world.call("scantxoutset", "start", [`wpkh(${KEY})`, { desc: `pkh(${KEY})` }])) as Fields;
    const unspents = found["unspents"] as readonly Fields[];
    expect([...unspents].sort((a, b) => Number(a["vout"]) - Number(b["vout"]))).to.deep.equal(
      scripts.map((script, vout) => ({
        txid: txidOf(tx),
        vout,
        scriptPubKey: toHex(script),
        desc: withChecksum(`addr(${addressOf(script, CHAINS.regtest)})`),
        amount: vout === 0 ? 12.5 : 12.49999999,
        coinbase: false,
        height: 102,
        blockhash: hash,
        confirmations: 1,
      })),
    );
    expect({ ...found, unspents: [] }).to.deep.equal({
      success: true,
      txouts: 103,
      height: 102,
      bestblock: hash,
      unspents: [],
      total_amount: 24.99999999,
    });
    const all = (await world.call("scantxoutset", "start", [`raw(${toHex(ANYONE)})`])) as Fields;
    expect(all["unspents"]).to.have.length(101);
  });
  it("scantxoutset runs once at a time and within bounds, and ends when it is told to", async () => {
    expect(await world.call("scantxoutset", "status")).to.equal(null);
    expect(await world.call("scantxoutset", "abort")).to.equal(false);
    const many = { desc: `pkh(${XPUB}/*)`, range: [0, 19_999] };
    const scan = world.call("scantxoutset", "start", [many]);
    while ((await world.call("scantxoutset", "status")) === null);
    expect(await world.call("scantxoutset", "start", [many])).to.have.property("0", -8);
    expect(await world.call("scantxoutset", "abort")).to.equal(true);
    expect(await scan).to.deep.include({ success: false, unspents: [], total_amount: 0 });
    const refusals: readonly (readonly [unknown, number])[] = [
      ["wpkh(5)", -5],
      [{ desc: `pkh(${XPUB}/*)`, range: 20_000 }, -8],
      [{ desc: `pkh(${XPUB}/*)`, range: [5, 4] }, -8],
      [{ desc: `pkh(${XPUB}/*)`, range: [-1, 4] }, -8],
      [{ desc: `pkh(${XPUB}/*)`, range: "x" }, -8],
      [5, -8],
    ];
    for (const [object, code] of refusals) {
      expect(await world.call("scantxoutset", "start", [object]), JSON.stringify(object)).to.have.property("0", code);
    }
    expect(await world.call("scantxoutset", "start", Array(101).fill(`pkh(${KEY})`))).to.have.property("0", -8);
    expect(await world.call("scantxoutset", "start")).to.have.property("0", -1);
    expect(await world.call("scantxoutset", "sing")).to.have.property("0", -8);
    expect(await world.call("scantxoutset", "status"), "no refusal leaves a scan behind").to.equal(null);
  });
  it("scripts are shown with their descriptors", async () => {
    const key = `02${"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"}`;
    const shown = async (script: string): Promise<unknown> =>
      (
        (await world.call(
          "decoderawtransaction",
          toHex(encodeTx(spend([outpointOf(coin)], [output(1n, Buffer.from(script, "hex"))]))),
        )) as {
          readonly vout: readonly { readonly scriptPubKey: Fields }[];
        }
      ).vout[0]?.scriptPubKey["desc"];
    expect(await shown(`5120${key.slice(2)}`)).to.equal(withChecksum(`rawtr(${key.slice(2)})`));
    expect(await shown(`21${key}ac`)).to.equal(withChecksum(`pk(${key})`));
    expect(await shown(`5121${key}51ae`)).to.equal(withChecksum(`multi(1,${key})`));
    expect(await shown("6a0101")).to.equal(withChecksum("raw(6a0101)"));
    expect(await shown(`0014${"11".repeat(20)}`)).to.match(/^addr\(bcrt1q[a-z0-9]+\)#[a-z0-9]{8}$/);
  });
  it("getblockstats counts a block: fees, sizes, and what it does to the coins", async () => {
    const cheap = spend([outpointOf(coin)], [output(COIN / 2n), output(COIN / 2n - 300n, Uint8Array.of(0x6a))]);
    const dear = spend([outpointOf(cheap)], [output(COIN / 2n - 2_000n)]);
    const address = addressOf(ANYONE, CHAINS.regtest);
    const { hash } = (await world.call(
      "generateblock",
      address,
      [cheap, dear].map((tx) => toHex(encodeTx(tx))),
    )) as Fields;
    const block = (await world.call("getblock", hash, 2)) as {
      readonly tx: readonly { size: number; weight: number }[];
    };
    const [, one, two] = block.tx as readonly [
      { size: number; weight: number },
      { size: number; weight: number },
      { size: number; weight: number },
    ];
    const rates = [Math.floor((300 * 4) / one.weight), Math.floor((2_000 * 4) / two.weight)] as const;
    const stats = (await world.call("getblockstats", hash)) as Fields;
    expect(stats).to.deep.include({
      blockhash: hash,
      height: 102,
      txs: 3,
      ins: 2,
      outs: 5,
      totalfee: 2_300,
      avgfee: 1_150,
      medianfee: 1_150,
      minfee: 300,
      maxfee: 2_000,
      minfeerate: rates[0],
      maxfeerate: rates[1],
      avgfeerate: Math.floor((2_300 * 4) / (one.weight + two.weight)),
      total_size: one.size + two.size,
      total_weight: one.weight + two.weight,
      mintxsize: Math.min(one.size, two.size),
      maxtxsize: Math.max(one.size, two.size),
      subsidy: 5_000_000_000,
      total_out: Number(COIN - 300n + COIN / 2n - 2_000n),
      utxo_increase: 3,
      utxo_increase_actual: 1,
    });
    expect((stats["feerate_percentiles"] as readonly number[])[0]).to.equal(rates[0]);
    expect((stats["feerate_percentiles"] as readonly number[])[4]).to.equal(rates[1]);
    expect(await world.call("getblockstats", 102, ["txs", "height"])).to.deep.equal({ txs: 3, height: 102 });
    expect(await world.call("getblockstats", 0, ["utxo_increase", "utxo_increase_actual", "minfee"])).to.deep.equal({
      utxo_increase: 1,
      utxo_increase_actual: 0,
      minfee: 0,
    });
    expect(await world.call("getblockstats", 103)).to.have.property("0", -8);
    expect(await world.call("getblockstats", "ab".repeat(32))).to.have.property("0", -5);
    expect(await world.call("getblockstats", 1, ["nothing"])).to.have.property("0", -8);
  });
  it("getnetworkinfo tells what is really served", async () => {
    expect(await world.call("getnetworkinfo")).to.deep.include({
      localservices: "0000000000000049",
      localservicesnames: ["NETWORK", "WITNESS", "COMPACT_FILTERS"],
    });
    const pruned = await rpcWorld({}, { pruneBytes: 10_000 });
    expect(await pruned.call("getnetworkinfo")).to.deep.include({
      localservicesnames: ["WITNESS", "COMPACT_FILTERS", "NETWORK_LIMITED"],
    });
    await pruned.close();
  });
});
