import { type ShortChannelId, unpackShortChannelId } from "../../base/ids.ts";
import type { Random } from "../../ports/world.ts";
import type { ChannelTable } from "./table.ts";

/** Set in no place that a block of the next hundred and forty years could have: the highest bit of a height of 24. */
const OUT_OF_REACH = 1n << 63n;

/** A name for a channel that says nothing of it, and is that of no other. BOLT 2 §The channel_ready Message. */
export function freshAlias(table: ChannelTable, random: Random): ShortChannelId {
  for (;;) {
    const drawn = random.bytes(8).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
    const alias = unpackShortChannelId(OUT_OF_REACH | drawn);
    if (table.byScid(alias) === undefined) return alias;
  }
}
