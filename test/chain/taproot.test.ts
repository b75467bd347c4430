import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import type { Txid } from "../../src/base/ids.ts";
import type { ScriptFlag } from "../../src/bitcoin/interpreter/flags.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { sighashesOf } from "../../src/bitcoin/sighash.ts";
import { annexHash } from "../../src/bitcoin/taproot.ts";
import { p2tr } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { gatherScripts } from "../../src/chain/ahead.ts";
import { connectBlock } from "../../src/chain/connect-block.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { verifyScripts } from "../../src/chain/scripts.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import { assemble, oneLeaf } from "../bitcoin/assemble.ts";
import { KEY_OUTPUT, KEY_SECRET } from "../bitcoin/taproot-spend.ts";
import { buildBlock, COIN, input, matured, outpointOf, output, spend, verdict } from "./builder.ts";
import { coinOf, type Mature, offer } from "./pool-bench.ts";

const ANCHOR = fromHex("51024e73");
const SUCCESS = oneLeaf(assemble("RESERVED"));
const VALUE = COIN / 4n;
const ANNEX = fromHex("50");

/** A chain whose tip holds three outputs: of a key, of a script that always succeeds, and an anchor. */
function funded(): Mature & { readonly fund: Tx } {
  const chain = matured(1);
  const outputs = [KEY_OUTPUT, p2tr(SUCCESS.key), ANCHOR].map((script) => output(VALUE, script));
  const fund = spend([coinOf(chain)], outputs);
  expect(verdict(chain, { txs: [fund] })).to.equal("accepted");
  return { ...chain, fund };
}
/** Spends one of these outputs for a fee, with this witness. */
const spends = (fund: Tx, vout: number, witness: readonly Uint8Array[]): Tx => ({
  ...spend([], [output(VALUE - 1000n)]),
  inputs: [input(outpointOf(fund, vout), { witness })],
});
function bySignature(fund: Tx, annex?: Uint8Array): Tx {
  const unsigned = spends(fund, 0, []);
  const digest = sighashesOf(unsigned, fund.outputs.slice(0, 1)).taproot({
    index: 0,
    hashType: 0,
    annexHash: annex && annexHash(annex),
  });
  const signature = schnorr.sign(digest ?? expect.fail(), KEY_SECRET, new Uint8Array(32));
  return spends(fund, 0, annex === undefined ? [signature] : [signature, annex]);
}

/** What comes of such a spend in the mempool, and in a block. */
function both(make: (fund: Tx) => Tx): { readonly relayed: string; readonly mined: string } {
  const [one, other] = [funded(), funded()];
  return { relayed: offer(one, make(one.fund)), mined: verdict(other, { txs: [make(other.fund)] }) };
}

describe("taproot in mempool and blocks", () => {
  const refused = "mempool-script-verify-flag-failed";
  const failed = { relayed: refused, mined: "block-script-verify-flag-failed" };
  it("B22: a wrong signature and an empty witness are refused by both", () => {
    const wrong = (fund: Tx): Tx => {
      const signature = bySignature(fund).inputs[0]?.witness[0] ?? expect.fail();
      return spends(fund, 0, [signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte))]);
    };
    expect(both(wrong)).to.deep.equal(failed);
    expect(both((fund) => spends(fund, 0, []))).to.deep.equal(failed);
  });
  it("B22: an annex and an OP_SUCCESS may stand in a block, and are not relayed", () => {
    const annexed = (fund: Tx): Tx => bySignature(fund, ANNEX);
    expect(both(annexed)).to.deep.equal({ relayed: "bad-witness-nonstandard", mined: "accepted" });
    const success = (fund: Tx): Tx => spends(fund, 1, [assemble("RESERVED"), SUCCESS.control]);
    expect(both(success)).to.deep.equal({ relayed: refused, mined: "accepted" });
  });
  it("a right signature spends, and an anchor needs none", () => {
    const accepted = { relayed: "accepted", mined: "accepted" };
    expect([both((fund) => bySignature(fund)), both((fund) => spends(fund, 2, []))]).to.deep.equal([
      accepted,
      accepted,
    ]);
  });
  it("a block that the parameters except keeps the rules of its day only", () => {
    const { fund, brain, storage } = funded();
    const block = hashBlock(buildBlock({ brain, params: CHAINS.regtest }, { txs: [spends(fund, 0, [])] }));
    const connected = (flags: readonly ScriptFlag[], hash = block.hash): string => {
      const params: ChainParams = { ...CHAINS.regtest, scriptExceptions: new Map([[hash, flags]]) };
      const place = { previous: brain.chain.tip, params, storage, verified: new Set<Txid>() };
      const done = connectBlock(block, { ...place, gathered: gatherScripts(block, place) });
      const fault = done.ok ? verifyScripts(done.value.scripts) : done.error;
      return fault === undefined ? "connected" : `${fault.detail}`;
    };
    const empty = "input 0: WITNESS_PROGRAM_WITNESS_EMPTY";
    expect(connected(["P2SH", "WITNESS"])).to.equal("connected");
    expect(connected(["P2SH", "WITNESS", "TAPROOT"])).to.equal(empty);
    expect(connected(["P2SH", "WITNESS"], brain.chain.tip.hash)).to.equal(empty);
  });
});
