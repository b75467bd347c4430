import { fromHex, printable } from "../../base/bytes.ts";
import { msatOf, satText, wholeOf } from "../amounts.ts";
import type { Keysend } from "../answers.ts";
import { NODE_ID, wholeId } from "../choose.ts";
import { command, given, optional } from "../command.ts";
import { usage } from "../exit.ts";
import { short, table, when } from "../table.ts";
import { paid, receipt } from "./payment.ts";

const RECORD = /^(\d{1,20})=((?:[0-9a-f]{2})*)$/;

/** `7629169=7b7d,65537=00` as the API wants it. */
function recordsOf(text: string): Readonly<Record<string, string>> {
  const read = text.split(",").map((record) => {
    const [, type, value] = RECORD.exec(record) ?? [];
    if (type === undefined || value === undefined)
      throw usage(`${record} is not a record.`, "write type=hex, several with commas between: 7629169=7b7d");
    return [type, value] as const;
  });
  return Object.fromEntries(read);
}
const recordsText = ({ customRecords }: Keysend): string =>
  Object.entries(customRecords)
    .map(([type, value]) => `${type}=${printable(fromHex(value))}`)
    .join(" ");

export const keysendCommands = [
  command({
    words: "keysend <node> <amount>",
    about: "pays a node that gave no invoice, as `pay` does; there is no proof of what it was for",
    options: {
      "--records <records>": "what the payee is told: type=hex, several with commas between",
      "--max-fee <amount>": "what routers may get at most (default: 1 % and 10 sat)",
      "--timeout <seconds>": "after which nothing more is tried (default: 60)",
      "--no-wait": "answer once the payment is under way",
    },
    async run({ client, show }, { node: begun, amount, records, maxFee, timeout, wait: waits }) {
      const node = await client();
      const known = async () => [...(await node.peers()), ...(await node.graphNodes())].map(({ id }) => id);
      const request = {
        keysend: await wholeId(begun, NODE_ID, async () => [...new Set(await known())]),
        amountMsat: msatOf(amount),
        ...given({
          customRecords: optional(records, recordsOf),
          maxFeeMsat: optional(maxFee, msatOf),
          timeoutSeconds: optional(timeout, wholeOf),
        }),
      };
      const payment = await paid(node, request, waits);
      show(payment, () => receipt(payment));
    },
  }),
  command({
    words: "keysends",
    about: "what came in without an invoice (the node takes it with `--accept-keysend true`)",
    async run({ client, show }) {
      const keysends = await (await client()).keysends();
      show(keysends, (width) =>
        table(
          keysends,
          [
            ["ID", ({ id }) => short(id)],
            ["SAT", ({ amountMsat }) => satText(amountMsat), "right"],
            ["RECEIVED", ({ receivedAt }) => when(receivedAt)],
            ["RECORDS", recordsText],
          ],
          width,
        ),
      );
    },
  }),
];
