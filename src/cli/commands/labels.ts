import { LABEL_TYPES, type LabelType } from "../../daemon/wallet/label.ts";
import type { Label } from "../answers.ts";
import { command, given } from "../command.ts";
import { usage } from "../exit.ts";
import { textOf } from "../proof-file.ts";

/** One line of a file, without what is not said. BIP 329 §Specification. */
function lineOf({ type, ref, label, origin, spendable }: Label): string {
  const said = { ...(origin !== null && { origin }), ...(spendable !== null && { spendable }) };
  return `${JSON.stringify({ type, ref, label, ...said })}\n`;
}
function typeOf(text: string): LabelType {
  const type = LABEL_TYPES.find((one) => one === text);
  if (type === undefined) throw usage(`${text} is nothing that has a label.`, `write one of ${LABEL_TYPES.join(", ")}`);
  return type;
}

export const labelCommands = [
  command({
    words: "wallet labels export",
    about: "all labels as JSON lines, for other wallets (BIP 329)",
    async run({ client, terminal }) {
      terminal.out.write((await (await client()).labels()).map(lineOf).join(""));
    },
  }),
  command({
    words: "wallet labels import <file>",
    about: "takes in labels of another wallet (BIP 329), all of them or none; outputs that it keeps back are locked",
    async run({ client, show }, { file }) {
      const imported = await (await client()).importLabels(await textOf(file));
      const skipped = imported.skipped === 0 ? "" : `, ${imported.skipped} lines of unknown types skipped`;
      show(imported, () => `${imported.taken} labels taken in${skipped}\n`);
    },
  }),
  command({
    words: "wallet labels set <type> <ref> <label>",
    about: "calls a transaction (tx), address (addr), coin (output) or key by a name; an empty one takes it away",
    options: { "--origin <text>": "of a transaction: whose it is, as descriptors write it" },
    async run({ client, show }, { type, ref, label, origin }) {
      const set = await (await client()).setLabel({ type: typeOf(type), ref, label, ...given({ origin }) });
      show(set, () => (set.label === "" ? `${set.ref} has no name any more\n` : `${set.ref} is called ${set.label}\n`));
    },
  }),
];
