import { existsSync, writeFileSync } from "node:fs";
import { encodeChannel } from "../../channels/index.ts";
import { toHex } from "../../src/base/bytes.ts";
import { durableSamples, readable } from "../support/durable-samples.ts";

/**
 * Writes the record of one channel of each kind beside this file, under the version of the codec that stands first in
 * it. What is there already is never written again: those are the records on the disks of users.
 */
for (const [name, state] of Object.entries(durableSamples())) {
  const record = encodeChannel(state);
  const file = new URL(`channel-v${record[0]}-${name}.json`, import.meta.url);
  const link = "link" in state ? { link: { tag: "offline" } } : {};
  const frozen = { record: toHex(record), state: readable({ ...state, ...link }) };
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(frozen, undefined, 2)}\n`);
}
