import { setTimeout as wait } from "node:timers/promises";
import { counted, grouped, msatOf, satText, wholeOf } from "../amounts.ts";
import type { Decoded, Payment } from "../answers.ts";
import { HASH_ID, NODE_ID, wholeId } from "../choose.ts";
import type { SluiceClient } from "../client.ts";
import { command, given, optional } from "../command.ts";
import { ApiError } from "../http.ts";
import type { Pay, PayKeysend } from "../payment-client.ts";
import { record, short, table, when } from "../table.ts";

/** The longest that the API holds a request; after that it is asked again and again. */
const WAIT_SECONDS = 60;
const POLL_MS = 250;

async function ended(node: SluiceClient, payment: Payment): Promise<Payment> {
  let now = payment;
  while (now.state === "pending") {
    await wait(POLL_MS);
    now = await node.payment(now.id);
  }
  return now;
}

/** Pays and, unless that is not wanted, waits for the end. Rejects when the payment has failed. */
export async function paid(
  node: SluiceClient,
  request: Pay | PayKeysend,
  waits: boolean | undefined,
): Promise<Payment> {
  const started = await node.pay(request, waits === false ? 0 : WAIT_SECONDS);
  const payment = waits === false ? started : await ended(node, started);
  if (payment.state === "failed") throw refusalOf(payment);
  return payment;
}

/** What a person is told of a payment that has not failed. */
export function receipt(payment: Payment): string {
  if (payment.state === "pending") return `${payment.id} is under way\n`;
  const hops = payment.hops === null ? [] : [counted(payment.hops, "hop")];
  const took = payment.endedAt === null ? [] : [`${Date.parse(payment.endedAt) - Date.parse(payment.createdAt)} ms`];
  const facts = [
    `paid ${satText(payment.amountMsat)} sat`,
    `fee ${satText(payment.feeMsat ?? "0")} sat`,
    ...hops,
    ...took,
  ];
  return `${facts.join(" · ")}\npreimage ${payment.preimage ?? "–"}\n${payment.id}\n`;
}
/** A payment that ended badly is a refusal, told on stderr. */
function refusalOf({ id, failure }: Payment): ApiError {
  const { code = "PAYMENT_FAILED" as const, detail = "The payment failed." } = failure ?? {};
  const type = `urn:sluice:problem:${code.toLowerCase().replaceAll("_", "-")}`;
  return new ApiError(409, {
    type,
    title: "Payment failed",
    status: 409,
    detail,
    code,
    instance: `/v1/payments/${id}`,
  });
}

function meaning(decoded: Decoded): string {
  if (decoded.kind === "node") return record({ node: decoded.nodeId, host: decoded.host, port: decoded.port });
  if (decoded.kind === "address") return record({ address: decoded.address, network: decoded.network });
  return record({
    invoice: decoded.network,
    payee: decoded.payee,
    amount: decoded.amountMsat === null ? "any" : `${satText(decoded.amountMsat)} sat`,
    "payment hash": decoded.paymentHash,
    description: decoded.description,
    created: when(decoded.createdAt),
    expires: when(decoded.expiresAt),
    "final CLTV delta": decoded.minFinalCltvExpiryDelta,
  });
}

export const paymentCommands = [
  command({
    words: "pay <bolt11>",
    about: "pays an invoice and waits for the end (exit code 6 when it fails)",
    alias: "payinvoice",
    options: {
      "--amount <amount>": "for an invoice that names none",
      "--max-fee <amount>": "what routers may get at most (default: 1 % and 10 sat)",
      "--timeout <seconds>": "after which nothing more is tried (default: 60)",
      "--no-wait": "answer once the payment is under way",
    },
    async run({ client, show }, { bolt11, amount, maxFee, timeout, wait: waits }) {
      const node = await client();
      const request = {
        bolt11: bolt11.replace(/^lightning:/i, ""),
        ...given({
          amountMsat: optional(amount, msatOf),
          maxFeeMsat: optional(maxFee, msatOf),
          timeoutSeconds: optional(timeout, wholeOf),
        }),
      };
      const payment = await paid(node, request, waits);
      show(payment, () => receipt(payment));
    },
  }),
  command({
    words: "payments",
    about: "all payments",
    alias: "listpayments",
    async run({ client, show }) {
      const payments = await (await client()).payments();
      show(payments, (width) =>
        table(
          payments,
          [
            ["ID", ({ id }) => short(id)],
            ["STATE", ({ state }) => state],
            ["SAT", ({ amountMsat }) => satText(amountMsat), "right"],
            ["FEE", ({ feeMsat }) => feeMsat && satText(feeMsat), "right"],
            ["HOPS", ({ hops }) => hops, "right"],
            ["CREATED", ({ createdAt }) => when(createdAt)],
            ["PAYEE", ({ payee }) => short(payee)],
            ["WHY", ({ failure }) => failure?.code ?? null],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "payment <id>",
    about: "one payment, by id or payment hash",
    async run({ client, show }, { id }) {
      const node = await client();
      const payment = await node.payment(
        await wholeId(id, HASH_ID, async () => (await node.payments()).map((known) => known.id)),
      );
      show(payment, () =>
        record({
          id: payment.id,
          state: payment.state,
          payee: payment.payee,
          amount: `${satText(payment.amountMsat)} sat`,
          fee: payment.feeMsat && `${satText(payment.feeMsat)} sat`,
          hops: payment.hops,
          preimage: payment.preimage,
          failure: payment.failure && `${payment.failure.code}: ${payment.failure.detail}`,
          created: when(payment.createdAt),
          ended: when(payment.endedAt),
        }),
      );
    },
  }),
  command({
    words: "decode <text>",
    about: "says what a text is: an invoice, a node, an address",
    alias: "decodepayreq",
    async run({ client, show }, { text }) {
      const decoded = await (await client()).decode(text);
      show(decoded, () => meaning(decoded));
    },
  }),
  command({
    words: "route <node> <amount>",
    about: "which way a payment would take, and at what fee; nothing is paid",
    alias: "queryroutes",
    options: { "--max-fee <amount>": "what routers may get at most (default: 1 % and 10 sat)" },
    async run({ client, show }, { node, amount, maxFee }) {
      const api = await client();
      const to = await wholeId(node, NODE_ID, async () => (await api.graphNodes()).map(({ id }) => id));
      const quote = await api.route({
        to,
        amountMsat: msatOf(amount),
        ...given({ maxFeeMsat: optional(maxFee, msatOf) }),
      });
      show(quote, (width) => {
        const hops = table(
          quote.hops,
          [
            ["TO", ({ nodeId }) => nodeId],
            ["CHANNEL", ({ shortChannelId }) => shortChannelId],
            ["SAT", ({ amountMsat }) => satText(amountMsat), "right"],
            ["EXPIRY", ({ expiry }) => grouped(String(expiry)), "right"],
          ],
          width,
        );
        return `${hops}fee ${satText(quote.feeMsat)} sat\n`;
      });
    },
  }),
];
