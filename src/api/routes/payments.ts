import { z } from "zod";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandFault } from "../../daemon/command-fault.ts";
import type { NodeCommands } from "../../daemon/commands.ts";
import type { PaymentInfo } from "../../daemon/views.ts";
import { faultOfCommand, notFound } from "../faults.ts";
import {
  customRecordsField,
  hashField,
  invoiceTextField,
  lineField,
  msatField,
  nodeIdField,
  positiveMsatField,
  wholeField,
} from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { decodedShape, invoiceShape, keysendShape, paymentShape } from "../payment-shapes.ts";
import { decodedJson, invoiceJson, keysendJson, paymentJson } from "../payment-views.ts";
import { type Repeat, type Route, route } from "../route.ts";
import { page } from "../shapes.ts";

/** What fits into the description field of an invoice. BOLT 11 §Tagged Fields. */
const DESCRIPTION_BYTES_MAX = 639;
const EXPIRY_SECONDS_DEFAULT = 3600;
const EXPIRY_SECONDS_MAX = 366 * 24 * 3600;
const TIMEOUT_SECONDS_MAX = 3600;
const TEXT_CHARACTERS_MAX = 7089;

const description = lineField(DESCRIPTION_BYTES_MAX).refine(
  (text) => Buffer.byteLength(text) <= DESCRIPTION_BYTES_MAX,
  `must have at most ${DESCRIPTION_BYTES_MAX} bytes`,
);

export const invoiceRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/invoices",
    summary: "Makes an invoice",
    scope: "invoices:write",
    body: z.strictObject({
      amountMsat: positiveMsatField.optional(),
      description,
      expirySeconds: wholeField(1, EXPIRY_SECONDS_MAX).optional(),
      externalId: lineField(128).optional(),
    }),
    example: { amountMsat: "25000", description: "coffee", expirySeconds: 3600, externalId: "order-17" },
    response: invoiceShape,
    async handler({ commands, body }) {
      const { amountMsat, expirySeconds = EXPIRY_SECONDS_DEFAULT, externalId } = body;
      const request = { amount: amountMsat, description: body.description, expirySeconds };
      const made = await commands.createInvoice({ ...request, ...(externalId !== undefined && { externalId }) });
      if (!made.ok) return err(faultOfCommand(made.error));
      return ok({ status: 201, body: invoiceJson(made.value), location: `/v1/invoices/${made.value.id}` });
    },
  }),
  route({
    method: "get",
    path: "/v1/invoices",
    summary: "All invoices",
    scope: "invoices:read",
    query: listQuery,
    list: true,
    response: page(invoiceShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.invoices(), cursor: ({ id }) => id, json: invoiceJson }),
  }),
  route({
    method: "get",
    path: "/v1/invoices/:id",
    summary: "One invoice, by id or payment hash",
    scope: "invoices:read",
    params: z.strictObject({ id: hashField }),
    response: invoiceShape,
    handler({ commands, params }) {
      const invoice = commands.invoice(params.id);
      return invoice ? ok({ status: 200, body: invoiceJson(invoice) }) : err(notFound("invoice"));
    },
  }),
];

/** An invoice, or a node that gave none: then the amount is ours to say, and records may go with it. */
const payBody = z
  .strictObject({
    bolt11: invoiceTextField.optional(),
    keysend: nodeIdField.optional().meta({ description: "a node id: pays without an invoice" }),
    amountMsat: positiveMsatField.optional(),
    customRecords: customRecordsField.optional(),
    maxFeeMsat: msatField.optional(),
    timeoutSeconds: wholeField(1, TIMEOUT_SECONDS_MAX).optional(),
  })
  .superRefine(({ bolt11, keysend, amountMsat, customRecords }, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: "custom", path: [field], message });
    if (bolt11 === undefined && keysend === undefined) refuse("bolt11", "is needed, or keysend");
    if (bolt11 !== undefined && keysend !== undefined) refuse("keysend", "cannot stand beside bolt11");
    if (keysend !== undefined && amountMsat === undefined) refuse("amountMsat", "is needed with keysend");
    if (keysend === undefined && customRecords !== undefined) refuse("customRecords", "can only go with keysend");
  });
type PayBody = z.output<typeof payBody>;

/** The node knows an invoice that it has paid; without one every request is another payment. */
const repeatOfPayment = (body: unknown): Repeat =>
  typeof body === "object" && body !== null && "keysend" in body ? "costly" : "same";

function startPayment(
  commands: NodeCommands,
  { bolt11 = "", keysend, amountMsat, customRecords, maxFeeMsat, timeoutSeconds }: PayBody,
): Promise<Result<PaymentInfo, CommandFault>> {
  const limits = {
    ...(maxFeeMsat !== undefined && { maxFee: maxFeeMsat }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
  if (keysend === undefined || amountMsat === undefined)
    return commands.pay({ bolt11, ...(amountMsat !== undefined && { amount: amountMsat }), ...limits });
  return commands.payKeysend({
    payee: keysend,
    amount: amountMsat,
    ...(customRecords !== undefined && { customRecords }),
    ...limits,
  });
}

export const paymentRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/payments",
    summary: "Pays an invoice, or a node without one; with `Prefer: wait=30` answers once the payment has ended",
    scope: "payments:write",
    repeat: repeatOfPayment,
    waits: true,
    body: payBody,
    example: { bolt11: "lnbcrt250n1pexample", maxFeeMsat: "1000" },
    response: paymentShape,
    async handler({ commands, body, waitSeconds }) {
      const started = await startPayment(commands, body);
      if (!started.ok) return err(faultOfCommand(started.error));
      const { id, state } = started.value;
      const location = `/v1/payments/${id}`;
      const ended =
        state === "pending" && waitSeconds > 0 ? await commands.paymentEnd(id, waitSeconds * 1000) : undefined;
      const payment = ended ?? started.value;
      return ok({ status: payment.state === "pending" ? 202 : 200, body: paymentJson(payment), location });
    },
  }),
  route({
    method: "get",
    path: "/v1/payments",
    summary: "All payments",
    scope: "payments:read",
    query: listQuery,
    list: true,
    response: page(paymentShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.payments(), cursor: ({ id }) => id, json: paymentJson }),
  }),
  route({
    method: "get",
    path: "/v1/payments/:id",
    summary: "One payment, by id or payment hash",
    scope: "payments:read",
    params: z.strictObject({ id: hashField }),
    response: paymentShape,
    handler({ commands, params }) {
      const payment = commands.payment(`pay_${params.id}`);
      return payment ? ok({ status: 200, body: paymentJson(payment) }) : err(notFound("payment"));
    },
  }),
  route({
    method: "get",
    path: "/v1/keysends",
    summary: "All payments that came in without an invoice",
    scope: "invoices:read",
    query: listQuery,
    list: true,
    response: page(keysendShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.keysends(), cursor: ({ id }) => id, json: keysendJson }),
  }),
  route({
    method: "get",
    path: "/v1/keysends/:id",
    summary: "One payment that came in without an invoice, by id or payment hash",
    scope: "invoices:read",
    params: z.strictObject({ id: hashField }),
    response: keysendShape,
    handler({ commands, params }) {
      const keysend = commands.keysend(params.id);
      return keysend ? ok({ status: 200, body: keysendJson(keysend) }) : err(notFound("keysend"));
    },
  }),
  route({
    method: "post",
    path: "/v1/decode",
    summary: "Says what a text is: an invoice, a node, an address",
    scope: "info:read",
    body: z.strictObject({ text: z.string().min(1, "must not be empty").max(TEXT_CHARACTERS_MAX, "is too long") }),
    example: { text: "lnbcrt250n1pexample" },
    response: decodedShape,
    handler({ commands, body: { text } }) {
      const decoded = commands.decode(text.trim());
      return decoded.ok ? ok({ status: 200, body: decodedJson(decoded.value) }) : err(faultOfCommand(decoded.error));
    },
  }),
];
