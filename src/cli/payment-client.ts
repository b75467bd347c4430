import type { Decoded, Invoice, Keysend, Payment } from "./answers.ts";
import type { ApiClient } from "./http.ts";
import { part, wholeList } from "./whole-list.ts";

export interface CreateInvoice {
  readonly amountMsat?: string;
  readonly description: string;
  readonly expirySeconds?: number;
  readonly externalId?: string;
}
export interface Pay {
  readonly bolt11: string;
  readonly amountMsat?: string;
  readonly maxFeeMsat?: string;
  readonly timeoutSeconds?: number;
}
/** Without an invoice. */
export interface PayKeysend {
  /** A node id. */
  readonly keysend: string;
  readonly amountMsat: string;
  /** Values in hex, by type. */
  readonly customRecords?: Readonly<Record<string, string>>;
  readonly maxFeeMsat?: string;
  readonly timeoutSeconds?: number;
}

/** What can be asked about invoices and payments. */
export function paymentQuestions(api: ApiClient) {
  const { get, post } = api;
  const list = <T>(path: string): Promise<readonly T[]> => wholeList<T>(api, path);
  return {
    createInvoice: (request: CreateInvoice) => post<Invoice>("/v1/invoices", request),
    invoices: () => list<Invoice>("/v1/invoices"),
    invoice: (id: string) => get<Invoice>(`/v1/invoices/${part(id)}`),
    /** Answers once the payment has ended or `waitSeconds` have passed. */
    pay: (request: Pay | PayKeysend, waitSeconds = 0) =>
      post<Payment>("/v1/payments", request, waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}),
    payments: () => list<Payment>("/v1/payments"),
    payment: (id: string) => get<Payment>(`/v1/payments/${part(id)}`),
    decode: (text: string) => api.ask<Decoded>("/v1/decode", { text }),
    keysends: () => list<Keysend>("/v1/keysends"),
    keysend: (id: string) => get<Keysend>(`/v1/keysends/${part(id)}`),
  };
}
