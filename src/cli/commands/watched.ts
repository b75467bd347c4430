import { DESCRIPTOR_FAULTS } from "../../bitcoin/descriptor-fault.ts";
import { holdsPrivateKey } from "../../bitcoin/descriptor-key.ts";
import { grouped, wholeOf } from "../amounts.ts";
import { coinColumns, transactionColumns } from "../coin-columns.ts";
import { command, given, optional } from "../command.ts";
import { usage } from "../exit.ts";
import { table } from "../table.ts";

/** What is watched without keys, by descriptor. */
export const watchedCommands = [
  command({
    words: "wallet watch add <descriptor>",
    about: "watches what pays to a descriptor of public keys; nothing of it can be spent here",
    options: {
      "--gap <count>": "scripts to look for behind the last one that was paid (20)",
      "--from-height <height>": "the first block to look at; the next one to come, unless it is given",
      "--label <text>": "what it is called",
    },
    async run({ client, show }, { descriptor, gap, fromHeight, label }) {
      // It is not even sent, nor shown by a dry run.
      if (holdsPrivateKey(descriptor)) throw usage(`The descriptor ${DESCRIPTOR_FAULTS.private_key}.`);
      const choices = { gap: optional(gap, wholeOf), fromHeight: optional(fromHeight, wholeOf), label };
      const watch = await (await client()).addWatch({ descriptor, ...given(choices) });
      show(watch, () => `${watch.id} is watched from block ${watch.fromHeight} on\n`);
    },
  }),
  command({
    words: "wallet watch remove <id>",
    about: "watches a descriptor no more; its id is its checksum",
    async run({ client, show }, { id }) {
      await (await client()).removeWatch(id);
      show({ id }, () => `${id} is not watched any more\n`);
    },
  }),
  command({
    words: "wallet watch list",
    about: "the descriptors that are watched",
    async run({ client, show }) {
      const watches = await (await client()).watches();
      show(watches, (width) =>
        table(
          watches,
          [
            ["ID", ({ id }) => id],
            ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
            ["FROM", ({ fromHeight }) => fromHeight, "right"],
            ["LOOKED", ({ scanned }) => (scanned ? "all" : "not yet all")],
            ["LABEL", ({ label }) => label],
            ["DESCRIPTOR", ({ descriptor }) => descriptor],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "wallet watch coins",
    about: "the coins that are only watched",
    async run({ client, show }) {
      const coins = await (await client()).watchedUtxos();
      show(coins, (width) => table(coins, [...coinColumns, ["WATCH", ({ watch }) => watch]], width));
    },
  }),
  command({
    words: "wallet watch history",
    about: "what moved coins on watched scripts",
    async run({ client, show }) {
      const transactions = await (await client()).watchedTransactions();
      show(transactions, (width) =>
        table(transactions, [...transactionColumns, ["HEIGHT", ({ height }) => height, "right"]], width),
      );
    },
  }),
  command({
    words: "wallet descriptors",
    about: "the addresses of this wallet as descriptors of public keys, for another node to watch",
    async run({ client, show }) {
      const descriptors = await (await client()).descriptors();
      show(descriptors, () => descriptors.map(({ descriptor }) => `${descriptor}\n`).join(""));
    },
  }),
];
