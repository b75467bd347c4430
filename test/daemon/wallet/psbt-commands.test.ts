import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { RawTx } from "@scure/btc-signer/script.js";
import { expect } from "chai";
import { present, type Result } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { decodeTx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { CommandFault } from "../../../src/daemon/commands.ts";
import { line, soon, violations } from "../small-world.ts";

const granted = <T>(answer: Result<T, CommandFault>): T => {
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value;
};

describe("a PSBT between people and a node", () => {
  it("is made, signed and sent, its coins kept meanwhile; with it go the transactions that its inputs come from", async () => {
    const { world, nodes } = await line(2);
    const { node } = present(nodes[0], "a node");
    const { address } = await soon(world, node.newAddress());
    const before = node.balance().onchain;
    const made = granted(await soon(world, node.createPsbt({ address, amount: sat(10_000n) })));
    const { inputs } = RawPSBTV0.decode(Uint8Array.from(Buffer.from(made.psbt, "base64")));
    const parents = inputs.map(({ nonWitnessUtxo }) => {
      const parent = decodeTx(RawTx.encode(present(nonWitnessUtxo, "a parent")));
      return parent.ok ? txidOf(parent.value) : undefined;
    });
    expect(parents).to.deep.equal(made.inputs.map(({ outpoint }) => outpoint.txid));
    expect(made.inputs.every(({ ours, signed }) => ours && !signed)).to.equal(true);
    expect(node.balance().onchain.reserved).to.equal(made.inputs.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n));
    const early = await soon(world, node.sendPsbt({ psbt: made.psbt }));
    expect(early).to.have.nested.property("error.code", "not_possible");
    const signed = granted(await soon(world, node.signPsbt({ psbt: made.psbt })));
    const { txid } = granted(await soon(world, node.sendPsbt({ psbt: signed.psbt })));
    expect(txid).to.equal(made.txid);
    const waiting = granted(await soon(world, node.chainMempool()));
    expect(waiting.map((one) => one.txid)).to.include(txid);
    const after = node.balance().onchain;
    expect(after.reserved).to.equal(0n);
    expect(after.confirmed + after.unconfirmed).to.equal(
      before.confirmed + before.unconfirmed - present(made.fee, "a fee"),
    );
    expect(violations(world)).to.deep.equal([]);
  });

  it("is refused in words when it is none, and keeps nothing when it is released", async () => {
    const { world, nodes } = await line(2);
    const { node } = present(nodes[0], "a node");
    const { address } = await soon(world, node.newAddress());
    expect(await soon(world, node.signPsbt({ psbt: "cHNidP8BAA==" }))).to.deep.equal({
      ok: false,
      error: { code: "bad_request", detail: "no PSBT of version 0 (BIP 174)", pointer: "/psbt" },
    });
    const before = node.balance();
    const made = granted(await soon(world, node.createPsbt({ address, amount: sat(10_000n) })));
    granted(await soon(world, node.releasePsbt(made.txid)));
    expect(node.balance()).to.deep.equal(before);
    expect(await soon(world, node.releasePsbt(made.txid))).to.have.nested.property("error.code", "not_found");
  });
});
