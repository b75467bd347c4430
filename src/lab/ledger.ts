import { type DurableState, decodeChannel } from "../../channels/index.ts";
import { parseUtf8 } from "../base/bytes.ts";
import type { ChannelId, PaymentHash } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { type Codec, decode, struct } from "../codec/codec.ts";
import { rest, u8, u64 } from "../codec/primitives.ts";
import { KEY } from "../daemon/records.ts";
import type { Circuit } from "../payments/circuit.ts";
import { circuitRecord } from "../payments/circuit-codec.ts";
import { invoiceRecord } from "../payments/invoice-codec.ts";
import type { InvoiceRecord } from "../payments/invoice-record.ts";
import { type Keysend, keysendRecord } from "../payments/keysend.ts";
import type { HtlcRef, Payment } from "../payments/payment.ts";
import { paymentRecord } from "../payments/payment-codec.ts";
import type { StoreRecord } from "../ports/store.ts";

/** What a store holds, read back into the values that the invariants speak of. Everything else in it is left alone. */
export interface Ledger {
  readonly channels: Map<ChannelId, DurableState>;
  readonly payments: Map<PaymentHash, Payment>;
  readonly invoices: Map<PaymentHash, InvoiceRecord>;
  readonly keysends: Map<PaymentHash, Keysend>;
  /** By the incoming HTLC: `circuitKey`. */
  readonly circuits: Map<string, Circuit>;
  /** Indexes of channel keys that are used up. */
  readonly keyIndexes: Set<number>;
  readonly events: Map<number, LedgerEvent>;
}
export interface LedgerEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}
/** One write, read. `undefined` removes. */
export type Entry =
  | { readonly kind: "channel"; readonly id: ChannelId; readonly value: DurableState | undefined }
  | { readonly kind: "payment"; readonly id: PaymentHash; readonly value: Payment | undefined }
  | { readonly kind: "invoice"; readonly id: PaymentHash; readonly value: InvoiceRecord | undefined }
  | { readonly kind: "keysend"; readonly id: PaymentHash; readonly value: Keysend | undefined }
  | { readonly kind: "circuit"; readonly id: string; readonly value: Circuit | undefined }
  | { readonly kind: "keys"; readonly index: number }
  | { readonly kind: "event"; readonly seq: number; readonly value: LedgerEvent };

export const emptyLedger = (): Ledger => ({
  channels: new Map(),
  payments: new Map(),
  invoices: new Map(),
  keysends: new Map(),
  circuits: new Map(),
  keyIndexes: new Set(),
  events: new Map(),
});
export const copyOf = (ledger: Ledger): Ledger => ({
  channels: new Map(ledger.channels),
  payments: new Map(ledger.payments),
  invoices: new Map(ledger.invoices),
  keysends: new Map(ledger.keysends),
  circuits: new Map(ledger.circuits),
  keyIndexes: new Set(ledger.keyIndexes),
  events: new Map(ledger.events),
});

/** The key of a circuit in a ledger: its incoming HTLC. */
export const circuitKey = ({ channelId, htlcId }: HtlcRef): string => `${channelId}/${htlcId}`;

const eventRecord = struct({ version: u8, created_at: u64, body: rest });

/** What a record says; undefined for a kind that no invariant looks at. */
export function readRecord({ key, value }: StoreRecord): Entry | undefined {
  const under = (prefix: string): string | undefined => (key.startsWith(prefix) ? key.slice(prefix.length) : undefined);
  const read = <T>(codec: Codec<T>): T | undefined => {
    if (value === undefined) return undefined;
    const decoded = decode(codec, value);
    assert(decoded.ok, `record ${key} is what its codec writes`);
    return decoded.value;
  };
  const channel = under(KEY.channels);
  if (channel !== undefined) return { kind: "channel", id: channel as ChannelId, value: readChannel(key, value) };
  const payment = under(KEY.payments);
  if (payment !== undefined) return { kind: "payment", id: payment as PaymentHash, value: read(paymentRecord) };
  const invoice = under(KEY.invoices);
  if (invoice !== undefined) return { kind: "invoice", id: invoice as PaymentHash, value: read(invoiceRecord) };
  const keysend = under(KEY.keysends);
  if (keysend !== undefined) return { kind: "keysend", id: keysend as PaymentHash, value: read(keysendRecord) };
  const circuit = under(KEY.circuits);
  if (circuit !== undefined) {
    const [channelId, htlcId] = circuit.split("/") as [ChannelId, string];
    return { kind: "circuit", id: circuitKey({ channelId, htlcId: BigInt(htlcId) }), value: read(circuitRecord) };
  }
  const keys = under(KEY.channelKeysAll);
  if (keys !== undefined) return { kind: "keys", index: Number(keys) };
  const event = under(KEY.events);
  if (event === undefined) return undefined;
  const { body } = present(read(eventRecord), "events are never removed");
  const text = present(parseUtf8(body), "events are written as UTF-8");
  return { kind: "event", seq: Number(event), value: JSON.parse(text) as LedgerEvent };
}

function readChannel(key: string, value: Uint8Array | undefined): DurableState | undefined {
  if (value === undefined) return undefined;
  const decoded = decodeChannel(value);
  assert(decoded.ok, `record ${key} is a channel`);
  return decoded.value;
}

export function enter(ledger: Ledger, entry: Entry): void {
  switch (entry.kind) {
    case "channel":
      return put(ledger.channels, entry.id, entry.value);
    case "payment":
      return put(ledger.payments, entry.id, entry.value);
    case "invoice":
      return put(ledger.invoices, entry.id, entry.value);
    case "keysend":
      return put(ledger.keysends, entry.id, entry.value);
    case "circuit":
      return put(ledger.circuits, entry.id, entry.value);
    case "keys":
      ledger.keyIndexes.add(entry.index);
      return;
    case "event":
      ledger.events.set(entry.seq, entry.value);
  }
}
function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
