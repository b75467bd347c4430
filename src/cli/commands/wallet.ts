import { grouped, satOf, wholeOf } from "../amounts.ts";
import { command, given, optional } from "../command.ts";
import { table } from "../table.ts";

export const walletCommands = [
  command({
    words: "wallet address",
    about: "an address that was never handed out before",
    alias: "newaddress",
    async run({ client, show }) {
      const made = await (await client()).newAddress();
      show(made, () => `${made.address}\n`);
    },
  }),
  command({
    words: "wallet send <address> <amount>",
    about: "sends coins on chain",
    alias: "sendcoins",
    options: { "--feerate <rate>": "sat per 1,000 weight units" },
    async run({ client, show }, { address, amount, feerate }) {
      const request = { address, amountSat: satOf(amount), ...given({ feerateSatPerKw: optional(feerate, wholeOf) }) };
      const sent = await (await client()).send(request);
      show(sent, () => `${sent.txid}\n`);
    },
  }),
  command({
    words: "wallet list",
    about: "the coins of the wallet",
    async run({ client, show }) {
      const coins = await (await client()).utxos();
      show(coins, () =>
        table(coins, [
          ["OUTPOINT", ({ outpoint }) => outpoint],
          ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
          ["ADDRESS", ({ address }) => address],
          ["HEIGHT", ({ height }) => height, "right"],
          ["RESERVED", ({ reserved }) => reserved],
        ]),
      );
    },
  }),
  command({
    words: "wallet history",
    about: "what moved coins of the wallet",
    async run({ client, show }) {
      const transactions = await (await client()).transactions();
      show(transactions, () =>
        table(transactions, [
          ["TXID", ({ txid }) => txid],
          ["SAT", ({ deltaSat }) => grouped(deltaSat), "right"],
          ["FEE", ({ feeSat }) => feeSat && grouped(feeSat), "right"],
          ["HEIGHT", ({ height }) => height, "right"],
          ["WHAT", ({ label }) => label],
        ]),
      );
    },
  }),
];
