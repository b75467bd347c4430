import { present } from "../../src/base/result.ts";
import { type Name, normal, type Pair } from "../../test/support/channel-pair.ts";
import { median } from "./statistics.ts";

/**
 * A channel over so many updates: both ends, encoded messages between them, every record encoded, and nothing kept beside. In a
 * process of its own, whose garbage is collected before its memory is looked at. Prints one JSON object.
 */
export interface MillionFigures {
  /** What the growth is counted from, and to. */
  readonly updates: { readonly from: number; readonly to: number };
  /** Of both ends together: their records and everything kept of revoked commitments, in bytes. */
  readonly grown: number;
  /** Of the heap with its buffers, in bytes. */
  readonly memory: number;
  /** Of one payment alone, from the offer to the last revocation, in ms. */
  readonly p50: { readonly first: number; readonly last: number };
}
const UPDATES_TO = Number(process.argv[2] ?? 1_000_000);
/** Until here code is compiled and buffers find their size. */
const UPDATES_FROM = UPDATES_TO / 100;
const IN_FLIGHT = 100;
/** A thousand, where there are a million. */
const ALONE = Math.min(1_000, UPDATES_TO / 20);
const UPDATES_PER_PAYMENT = 2;
const DUST_MSAT = 100_000n;
const collect = present(globalThis.gc, "started with --expose-gc");

function pay(pair: Pair, from: Name, payments: number): void {
  const to = from === "a" ? "b" : "a";
  // The same hashes again and again: of what was paid the one who pays keeps nothing here.
  for (let payment = 0; payment < payments; payment++) pair.offer(from, DUST_MSAT, payment);
  pair.settle();
  for (const htlc of pair.parties[to].incoming.values()) pair.fulfill(to, htlc);
  pair.settle();
  for (const party of [pair.parties.a, pair.parties.b]) {
    party.log.length = 0;
    party.incoming.clear();
    party.ends.clear();
  }
  pair.trace.length = 0;
}
/** There and back, so that neither side runs dry. */
function payUntil(pair: Pair, updates: number): void {
  const payments = Math.floor(updates / UPDATES_PER_PAYMENT / IN_FLIGHT);
  for (let batch = 0; batch < payments; batch++) pay(pair, batch % 2 === 0 ? "a" : "b", IN_FLIGHT);
}
function alone(pair: Pair): number {
  const times = Array.from({ length: ALONE }, (_, payment) => {
    const begin = performance.now();
    pay(pair, payment % 2 === 0 ? "a" : "b", 1);
    return performance.now() - begin;
  });
  return median(times);
}
function kept({ parties: { a, b } }: Pair): number {
  const records = [a, b].map(({ disk, revoked }) => (disk?.length ?? 0) + JSON.stringify([...revoked]).length);
  return records.reduce((sum, bytes) => sum + bytes, 0);
}
function memory(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const pair = normal({ capacity: 16_000_000n, push: 8_000_000_000n });
pair.compare = false;
payUntil(pair, UPDATES_FROM);
const first = alone(pair);
const before = { kept: kept(pair), memory: memory() };
payUntil(pair, UPDATES_TO - UPDATES_FROM - 2 * ALONE * UPDATES_PER_PAYMENT);
const last = alone(pair);
const figures: MillionFigures = {
  updates: { from: UPDATES_FROM, to: UPDATES_TO },
  grown: kept(pair) - before.kept,
  memory: memory() - before.memory,
  p50: { first, last },
};
console.log(JSON.stringify(figures));
