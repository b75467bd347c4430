import { grouped, satOf, wholeOf } from "../amounts.ts";
import { coinColumns, transactionColumns } from "../coin-columns.ts";
import { command, given, optional } from "../command.ts";
import { usage } from "../exit.ts";
import { table } from "../table.ts";

const TYPES = ["segwit", "taproot"] as const;
function addressTypeOf(text: string): (typeof TYPES)[number] {
  const type = TYPES.find((one) => one === text);
  if (type === undefined) throw usage(`${text} is not a type of address.`, "write segwit or taproot");
  return type;
}

const METHODS = ["rbf", "cancel", "cpfp"] as const;
function methodOf(text: string): (typeof METHODS)[number] {
  const method = METHODS.find((one) => one === text);
  if (method === undefined) throw usage(`${text} is no way to raise a fee.`, "write rbf, cancel or cpfp");
  return method;
}

export const walletCommands = [
  command({
    words: "wallet address",
    about: "an address that was never handed out before",
    alias: "newaddress",
    options: { "--type <type>": "segwit (the default) or taproot", "--label <text>": "what payments to it are called" },
    async run({ client, show }, { type, label }) {
      const made = await (await client()).newAddress(given({ type: optional(type, addressTypeOf), label }));
      show(made, () => `${made.address}\n`);
    },
  }),
  command({
    words: "wallet send <address> <amount>",
    about: "sends coins on chain",
    alias: "sendcoins",
    options: {
      "--feerate <rate>": "sat per 1,000 weight units",
      "--coin <outpoints>": "pay with exactly these coins: txid:index, several with commas between",
    },
    async run({ client, show }, { address, amount, feerate, coin }) {
      const choices = { feerateSatPerKw: optional(feerate, wholeOf), coins: coin?.split(",") };
      const request = { address, amountSat: satOf(amount), ...given(choices) };
      const sent = await (await client()).send(request);
      show(sent, () => `${sent.txid}\n`);
    },
  }),
  command({
    words: "wallet rescan [height]",
    about:
      "looks through the chain for payments to this wallet and to copies of it, from its first block or a height on",
    async run({ client, show }, { height }) {
      const begun = await (await client()).rescan({ fromHeight: optional(height, wholeOf) ?? 0 });
      show(begun, () => `looking from block ${begun.fromHeight} on; \`balance\` shows what is found\n`);
    },
  }),
  command({
    words: "wallet bump <txid> <feerate>",
    about: "pays more for a transaction that waits, in sat per 1,000 weight units",
    alias: "bumpfee",
    options: {
      "--method <method>":
        "rbf (the default), cancel, or cpfp, which also helps a payment of somebody else to this wallet",
    },
    async run({ client, show }, { txid, feerate, method }) {
      const request = { method: optional(method, methodOf) ?? "rbf", feerateSatPerKw: wholeOf(feerate) };
      const bumped = await (await client()).bumpFee(txid, request);
      show(bumped, () => `${bumped.txid}\n`);
    },
  }),
  command({
    words: "wallet lock <outpoint>",
    about: "keeps a coin out of everything until it is unlocked",
    async run({ client, show }, { outpoint }) {
      const coin = await (await client()).lock(outpoint);
      show(coin, () => `${coin.outpoint} is locked\n`);
    },
  }),
  command({
    words: "wallet unlock <outpoint>",
    about: "lets a coin be spent again",
    async run({ client, show }, { outpoint }) {
      await (await client()).unlock(outpoint);
      show({ outpoint }, () => `${outpoint} is unlocked\n`);
    },
  }),
  command({
    words: "wallet list",
    about: "the coins of the wallet",
    async run({ client, show }) {
      const coins = await (await client()).utxos();
      show(coins, (width) =>
        table(
          coins,
          [
            ...coinColumns,
            ["STATUS", ({ status, reservedFor }) => (reservedFor === null ? status : `${status}: ${reservedFor}`)],
            ["LABEL", ({ label }) => label],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "wallet history",
    about: "what moved coins of the wallet",
    async run({ client, show }) {
      const transactions = await (await client()).transactions();
      show(transactions, (width) =>
        table(
          transactions,
          [
            ...transactionColumns,
            ["FEE", ({ feeSat }) => feeSat && grouped(feeSat), "right"],
            ["HEIGHT", ({ height }) => height, "right"],
            ["WHAT", ({ label }) => label],
          ],
          width,
        ),
      );
    },
  }),
];
