import { expect } from "chai";
import { toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { encodeBlock } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { encodeTx, txidOf } from "../../src/bitcoin/tx.ts";
import { CODE } from "../../src/bitcoin-rpc/fault.ts";
import { METHODS } from "../../src/bitcoin-rpc/methods/all.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { ANYONE } from "../chain/builder.ts";
import { answer } from "../support/answer.ts";
import { type RpcWorld, rpcWorld } from "./world.ts";

/** What nobody sends on purpose. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 31,
  2 ** 53,
  "",
  "0",
  "zz",
  "\ud800",
  "00".repeat(31),
  "00".repeat(32),
  "ff".repeat(32),
  "x".repeat(5_000),
  "01000000000100000000",
  "abandon abandon",
  "host:99999",
  "pkh(",
  "raw(51)",
  "add",
  "start",
  [],
  [[]],
  [null, 1, "00"],
  {},
  { desc: 1 },
  { __proto__: null, length: -1 },
  { constructor: 1, args: [[[]]] },
];
/** They end the node, or wait by their nature. */
const LEFT_OUT = new Set(["stop", "waitfornewblock", "waitforblock", "waitforblockheight"]);

describe("Bitcoin Core's JSON-RPC: odd arguments", () => {
  let world: RpcWorld;
  /** A right value for each argument that another one stands behind. */
  let good: Readonly<Record<string, unknown>>;
  before(async () => {
    world = await rpcWorld();
    await answer(world.node.mine(3, ANYONE));
    const block = world.node.whole.blockAt(1 as never) ?? expect.fail();
    const tx = block.txs[0] ?? expect.fail();
    const { hash } = world.node.brain.chain.tip;
    good = {
      address: addressOf(p2wpkhOf(secp256k1.publicKey(new Uint8Array(32).fill(7))), CHAINS.regtest),
      output: "raw(51)",
      nblocks: 1,
      txid: txidOf(tx),
      n: 0,
      blockhash: hash,
      hash_or_height: 1,
      verbosity: 2,
      verbose: true,
      hexstring: toHex(encodeTx(tx)),
      rawtxs: [toHex(encodeTx(tx))],
      package: [toHex(encodeTx(tx))],
      hexdata: toHex(encodeBlock(block)),
      transactions: [],
      conf_target: 2,
      action: "start",
      node: "127.0.0.1:1",
      command: "onetry",
    };
  });
  after(() => world.close());
  for (const [name, { params }] of METHODS) {
    if (LEFT_OUT.has(name)) continue;
    it(`${name}: refused or answered, never a failure of ours`, async () => {
      const names = Object.keys(params);
      const tried: unknown[] = ODD.flatMap((odd) => [
        odd,
        Object.fromEntries(names.map((each) => [each, odd])),
        // By place, what stands in front of it being right.
        ...names.map((_, at) => [...names.slice(0, at).map((each) => good[each]), odd]),
      ]);
      const { text } = await world.post(JSON.stringify(tried.map((params) => ({ method: name, params, id: 1 }))));
      const answers = JSON.parse(text) as readonly { readonly error: { readonly code: number } | null }[];
      expect(answers).to.have.lengthOf(tried.length);
      const failed = tried.filter((_, at) => answers[at]?.error?.code === CODE.internal);
      expect(failed).to.deep.equal([]);
    });
  }
});
