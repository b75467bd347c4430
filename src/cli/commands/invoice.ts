import { renderUnicodeCompact } from "uqr";
import { msatOf, satText, wholeOf } from "../amounts.ts";
import type { Invoice } from "../answers.ts";
import { HASH_ID, wholeId } from "../choose.ts";
import { command, given, optional } from "../command.ts";
import { record, short, table, when } from "../table.ts";

const sats = (msat: string | null): string | null => (msat === null ? null : `${satText(msat)} sat`);
const whole = (invoice: Invoice): string =>
  record({
    id: invoice.id,
    state: invoice.state,
    amount: sats(invoice.amountMsat) ?? "any",
    received: sats(invoice.receivedMsat),
    description: invoice.description,
    "external id": invoice.externalId,
    created: when(invoice.createdAt),
    expires: when(invoice.expiresAt),
    settled: when(invoice.settledAt),
  });

/** The invoice for a telephone's camera, when it fits. Upper case takes fewer squares, and bech32 has no case. */
function code(bolt11: string, columns: number): string {
  const drawn = renderUnicodeCompact(bolt11.toUpperCase());
  return drawn.indexOf("\n") <= columns ? `\n${drawn}\n` : "";
}
const payable = (invoice: Invoice, columns: number): string =>
  `${whole(invoice)}\n${invoice.bolt11}\n${code(invoice.bolt11, columns)}`;

export const invoiceCommands = [
  command({
    words: "invoice create <amount> [description]",
    about: "makes an invoice; the amount may be `any`",
    alias: "addinvoice",
    options: {
      "--expiry <seconds>": "how long it can be paid (default: an hour)",
      "--external-id <id>": "a name of your own, as of an order; nothing keeps you from using it twice",
    },
    async run({ client, show, terminal }, { amount, description = "", expiry, externalId }) {
      const invoice = await (await client()).createInvoice({
        description,
        ...given({
          amountMsat: amount === "any" ? undefined : msatOf(amount),
          expirySeconds: optional(expiry, wholeOf),
          externalId,
        }),
      });
      show(invoice, () => payable(invoice, terminal.out.columns));
    },
  }),
  command({
    words: "invoice list",
    about: "all invoices",
    alias: "listinvoices",
    async run({ client, show }) {
      const invoices = await (await client()).invoices();
      show(invoices, (width) =>
        table(
          invoices,
          [
            ["ID", ({ id }) => short(id)],
            ["STATE", ({ state }) => state],
            ["SAT", ({ amountMsat }) => (amountMsat === null ? "any" : satText(amountMsat)), "right"],
            ["RECEIVED", ({ receivedMsat }) => receivedMsat && satText(receivedMsat), "right"],
            ["CREATED", ({ createdAt }) => when(createdAt)],
            ["DESCRIPTION", ({ description }) => description],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "invoice show <id>",
    about: "one invoice, by id or payment hash",
    alias: "lookupinvoice",
    async run({ client, show, terminal }, { id }) {
      const node = await client();
      const invoice = await node.invoice(
        await wholeId(id, HASH_ID, async () => (await node.invoices()).map((known) => known.id)),
      );
      show(invoice, () => (invoice.state === "open" ? payable(invoice, terminal.out.columns) : whole(invoice)));
    },
  }),
];
