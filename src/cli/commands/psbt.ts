import { grouped, satOf, wholeOf } from "../amounts.ts";
import type { Psbt } from "../answers.ts";
import { command, given, optional } from "../command.ts";
import { textOf } from "../proof-file.ts";
import { table } from "../table.ts";

/** How base64 of every PSBT begins; whatever else is given is the name of a file with it. */
const BEGINNING = "cHNidP8";
const psbtOf = async (text: string): Promise<string> =>
  text.startsWith(BEGINNING) ? text : (await textOf(text)).trim();

const ANY_FEE = { "--any-fee": "also a fee that looks like a mistake" };
const chosen = (anyFee: boolean | undefined) => given({ anyFee });

/** For people; a pipe gets JSON, with the PSBT in it. */
function described(view: Psbt, width: number): string {
  const inputs = table(
    view.inputs,
    [
      ["FROM", ({ outpoint }) => outpoint],
      ["SAT", ({ amountSat }) => amountSat && grouped(amountSat), "right"],
      ["ADDRESS", ({ address }) => address],
      ["OURS", ({ ours }) => (ours ? "yes" : "no")],
      ["SIGNED", ({ signed }) => (signed ? "yes" : "no")],
    ],
    width,
  );
  const outputs = table(
    view.outputs,
    [
      ["TO", ({ address }) => address ?? "a script without an address"],
      ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
      ["OURS", ({ ours }) => (ours ? "yes" : "no")],
    ],
    width,
  );
  const fee = view.feeSat === null ? "unknown" : `${grouped(view.feeSat)} sat`;
  const state = view.tx === null ? "signatures are missing" : "signed by all";
  return `${inputs}\n${outputs}\ntxid  ${view.txid}\nfee   ${fee}\n      ${state}\n`;
}
const whole = (view: Psbt, width: number): string => `${described(view, width)}\n${view.psbt}\n`;

export const psbtCommands = [
  command({
    words: "wallet psbt create <address> <amount>",
    about: "a payment for others to sign, or to be signed later; its coins are kept for it",
    options: {
      "--feerate <rate>": "sat per 1,000 weight units",
      "--coin <outpoints>": "pay with exactly these coins: txid:index, several with commas between",
      ...ANY_FEE,
    },
    async run({ client, show }, { address, amount, feerate, coin, anyFee }) {
      const choices = { feerateSatPerKw: optional(feerate, wholeOf), coins: coin?.split(","), anyFee };
      const made = await (await client()).createPsbt({ address, amountSat: satOf(amount), ...given(choices) });
      show(made, (width) => whole(made, width));
    },
  }),
  command({
    words: "wallet psbt show <psbt>",
    about: "what a PSBT says, given as text or as a file with it",
    async run({ client, show }, { psbt }) {
      const view = await (await client()).showPsbt(await psbtOf(psbt));
      show(view, (width) => described(view, width));
    },
  }),
  command({
    words: "wallet psbt sign <psbt>",
    about: "signs what spends coins of the wallet, which are kept for it from then on",
    options: ANY_FEE,
    async run({ client, show }, { psbt, anyFee }) {
      const signed = await (await client()).signPsbt({ psbt: await psbtOf(psbt), ...chosen(anyFee) });
      show(signed, (width) => whole(signed, width));
    },
  }),
  command({
    words: "wallet psbt combine <psbts...>",
    about: "one PSBT with what several signers have put into theirs",
    async run({ client, show }, { psbts }) {
      const combined = await (await client()).combinePsbts(await Promise.all(psbts.map(psbtOf)));
      show(combined, (width) => whole(combined, width));
    },
  }),
  command({
    words: "wallet psbt finalize <psbt>",
    about: "the transaction of a PSBT that all have signed",
    async run({ client, show }, { psbt }) {
      const final = await (await client()).finalizePsbt(await psbtOf(psbt));
      show(final, (width) => `${described(final, width)}\n${final.tx ?? ""}\n`);
    },
  }),
  command({
    words: "wallet psbt send <psbt>",
    about: "publishes the transaction of a PSBT that all have signed",
    options: ANY_FEE,
    async run({ client, show }, { psbt, anyFee }) {
      const sent = await (await client()).sendPsbt({ psbt: await psbtOf(psbt), ...chosen(anyFee) });
      show(sent, () => `${sent.txid}\n`);
    },
  }),
  command({
    words: "wallet psbt release <txid>",
    about: "gives back the coins that are kept for a PSBT; whoever holds it signed can still send it",
    async run({ client, show }, { txid }) {
      await (await client()).releasePsbt(txid);
      show({ txid }, () => `${txid} keeps no coins any more\n`);
    },
  }),
];
