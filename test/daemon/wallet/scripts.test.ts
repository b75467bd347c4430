import { expect } from "chai";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2sh, p2tr, p2wpkh, p2wsh } from "../../../src/bitcoin/templates.ts";
import { weightOf } from "../../../src/bitcoin/tx.ts";
import { INPUT_WEIGHT, typeOfScript } from "../../../src/daemon/wallet/scripts.ts";
import { send } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const KEY_HASH = p2wpkh(new Uint8Array(20).fill(9));
const TAPROOT = p2tr(new Uint8Array(32).fill(9));
const SCRIPT_HASH = p2wsh(new Uint8Array(32).fill(9));

/** One coin at an address of a type, and a payment with change from it. */
function sent(type: "p2wpkh" | "p2tr", script: Uint8Array) {
  const chain = new SmallChain();
  chain.mine(KEY_HASH, [chain.foreign({ amount: sat(100_000n), script: chain.address(type) })]);
  const payment = { output: { amount: sat(40_000n), script }, feerate: satPerKw(1_000), label: "x" };
  const made = send(chain.wallet, keys, payment);
  if (!made.ok) throw new Error(made.error.code);
  return { ...made.value, change: made.value.tx.outputs.find((output) => output.amount !== 40_000n) };
}

describe("Taproot and key hashes in one wallet", () => {
  it("knows which scripts are of a type of ours", () => {
    const scripts = [KEY_HASH, TAPROOT, SCRIPT_HASH, p2sh(new Uint8Array(20)), Uint8Array.of(0x51, 2, 0x4e, 0x73)];
    expect(scripts.map(typeOfScript)).to.deep.equal(["p2wpkh", "p2tr", undefined, undefined, undefined]);
  });
  it("an input weighs no more than is paid for, and less by one witness byte at most", () => {
    for (const type of ["p2wpkh", "p2tr"] as const) {
      const { tx, fee } = sent(type, KEY_HASH);
      expect(Number(fee) - weightOf(tx)).to.be.within(0, type === "p2tr" ? 0 : 2);
      const rest = weightOf({ ...tx, inputs: [] });
      expect(INPUT_WEIGHT[type] + rest + 2 >= weightOf(tx)).to.equal(true);
    }
  });
  it("gives change of the type that is paid, so that nobody sees which output comes back", () => {
    for (const type of ["p2wpkh", "p2tr"] as const) {
      const types = [KEY_HASH, TAPROOT, SCRIPT_HASH].map((script) =>
        typeOfScript(sent(type, script).change?.script ?? script),
      );
      expect(types).to.deep.equal(["p2wpkh", "p2tr", "p2wpkh"]);
    }
  });
  it("signs a taproot coin by its key: one signature of 64 bytes, which is the same every time", () => {
    const { tx } = sent("p2tr", KEY_HASH);
    expect(tx.inputs[0]?.witness.map(({ length }) => length)).to.deep.equal([64]);
    expect(sent("p2tr", KEY_HASH).tx).to.deep.equal(tx);
  });
});
