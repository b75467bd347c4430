import { existsSync, writeFileSync } from "node:fs";
import { encodeChannel } from "../../channels/index.ts";
import { toHex } from "../../src/base/bytes.ts";
import { encode } from "../../src/codec/codec.ts";
import { keysendRecord } from "../../src/payments/keysend.ts";
import { paymentRecord } from "../../src/payments/payment-codec.ts";
import { durableSamples, readable } from "../support/durable-samples.ts";
import { KEYSENDS, PAYMENTS } from "../support/payment-samples.ts";

/**
 * Writes the record of one channel, payment and keysend of each kind beside this file, under the version of the codec that stands
 * first in it. What is there already is never written again: those are the records on the disks of users.
 */
function freeze(kind: string, name: string, record: Uint8Array, state: object): void {
  const file = new URL(`${kind}-v${record[0]}-${name}.json`, import.meta.url);
  const frozen = { record: toHex(record), state: readable(state) };
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(frozen, undefined, 2)}\n`);
}
for (const [name, state] of Object.entries(durableSamples())) {
  const link = "link" in state ? { link: { tag: "offline" } } : {};
  freeze("channel", name, encodeChannel(state), { ...state, ...link });
}
for (const [name, payment] of Object.entries(PAYMENTS))
  freeze("payment", name, encode(paymentRecord, payment), payment);
for (const [name, keysend] of Object.entries(KEYSENDS))
  freeze("keysend", name, encode(keysendRecord, keysend), keysend);
