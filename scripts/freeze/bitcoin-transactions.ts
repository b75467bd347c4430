import { toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { p2shOf } from "../../src/bitcoin/templates.ts";
import { assemble } from "../../test/bitcoin/assemble.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { type Coin, coins, EMPTY, hexOfTx, type Spending, spend } from "./bitcoin-own.ts";

const AMOUNT = 12_345n;
type Row = readonly unknown[];
const raw = (bytes: Uint8Array): string => (bytes.length === 0 ? "" : `0x${toHex(bytes)}`);

/** A coin that only the locks of its transaction guard. */
const locked = (text: string, sequence: number): Coin => ({
  name: text,
  prevout: { amount: sat(AMOUNT), script: assemble(text) },
  sequence,
  unlock: () => ({ scriptSig: EMPTY, witness: [] }),
});
const nonNullDummy: Coin = {
  name: "a dummy that is not empty",
  prevout: { amount: sat(AMOUNT), script: assemble("0 0 CHECKMULTISIG") },
  unlock: () => ({ scriptSig: script(1n), witness: [] }),
};
const failing = (coin: Coin): Coin => ({ ...coin, unlock: () => ({ scriptSig: script(0n, 0n), witness: [] }) });

function txRow(label: string, list: readonly Coin[], flags: string, given: Spending = {}): Row {
  const tx = spend(label, list, given);
  const prevouts = tx.inputs.map(({ prevout }, at) => {
    const { amount, script: locking } = present(list[at], "a coin for each input").prevout;
    return [prevout.txid, prevout.vout, raw(locking), Number(amount)];
  });
  return [prevouts, hexOfTx(tx), flags];
}

function validTransactions(): readonly Row[] {
  const all = coins(sat(AMOUNT));
  return [
    ["Transactions of our own that are valid under all flags but the excluded; the layout is Bitcoin Core's"],
    ...all.map((coin) => txRow(coin.name, [coin], "NONE")),
    txRow("all together", all, "NONE"),
    txRow("a height that has come", [locked("100 CHECKLOCKTIMEVERIFY", 0)], "NONE", { locktime: 100 }),
    txRow("blocks that have passed", [locked("10 CHECKSEQUENCEVERIFY", 10)], "NONE"),
    txRow("a relative lock that is off", [locked("0x05 0x0000008000 CHECKSEQUENCEVERIFY", 10)], "NONE"),
    txRow("a dummy", [nonNullDummy], "NULLDUMMY"),
    txRow("a height that has not come", [locked("101 CHECKLOCKTIMEVERIFY", 0)], "CHECKLOCKTIMEVERIFY", {
      locktime: 100,
    }),
  ];
}

function invalidTransactions(): readonly Row[] {
  const [bare, witnessed, nested] = coins(sat(AMOUNT)).map(failing) as [Coin, Coin, Coin];
  const redeem = assemble("0");
  const hollow: Coin = {
    name: "a redeem script that fails",
    prevout: { amount: sat(AMOUNT), script: p2shOf(redeem) },
    unlock: () => ({ scriptSig: pushOnly(redeem), witness: [] }),
  };
  const final = 0xffff_ffff;
  return [
    ["Transactions of our own that are invalid under these flags; the layout is Bitcoin Core's"],
    txRow("no signature", [bare], "NONE"),
    txRow("a scriptSig for a witness", [witnessed], "P2SH,WITNESS"),
    txRow("not the redeem script", [nested], "NONE"),
    txRow("a redeem script", [hollow], "P2SH"),
    txRow("a height", [locked("101 CHECKLOCKTIMEVERIFY", 0)], "CHECKLOCKTIMEVERIFY", { locktime: 100 }),
    txRow("a final input", [locked("100 CHECKLOCKTIMEVERIFY", final)], "CHECKLOCKTIMEVERIFY", { locktime: 100 }),
    txRow("blocks", [locked("11 CHECKSEQUENCEVERIFY", 10)], "CHECKSEQUENCEVERIFY"),
    txRow("version 1", [locked("10 CHECKSEQUENCEVERIFY", 10)], "CHECKSEQUENCEVERIFY", { version: 1 }),
    txRow("no outputs", [bare], "BADTX", { outputs: [] }),
  ];
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/core/tx_valid.json", make: validTransactions },
  { path: "bitcoin/core/tx_invalid.json", make: invalidTransactions },
];
