import type { OtherFunding } from "../../channels/fundings/other.ts";
import type { SpliceRequest } from "../../channels/splice/state.ts";
import type { Txid } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { blockHeight, sat, satPerKw } from "../../src/base/units.ts";
import { type Name, SCRIPT } from "./channel-fixtures.ts";
import { normal, type Opening } from "./channel-pair.ts";
import type { Pair } from "./pair.ts";

/** Both offer what splicing takes. */
export function spliceable(options: Opening = {}): Pair {
  const pair = normal(options);
  pair.features = [...pair.features, 62];
  return pair;
}
let serial = 1_000n;
export const out = (amount: bigint, name: Name = "a"): SpliceRequest["change"] => ({
  tag: "out",
  amount: sat(amount),
  script: SCRIPT[name],
});
export const into = (amount: bigint): SpliceRequest["change"] => ({ tag: "in", amount: sat(amount) });
/** Somebody at one side wants this. */
export const want = (pair: Pair, name: Name, change: SpliceRequest["change"], feerate = 1_000) => {
  serial += 10n;
  const serials = { input: serial, output: serial + 2n, own: serial + 4n };
  return pair.give(name, { tag: "Splice", request: { change, feerate: satPerKw(feerate), serials } });
};
/** Wanted, and signed by both. */
export function spliceBoth(pair: Pair, name: Name, change: SpliceRequest["change"], feerate = 1_000): Txid {
  want(pair, name, change, feerate);
  pair.settle();
  return present(pending(pair, name).at(-1), "a splice that both have signed").terms.outpoint.txid;
}
export const pending = (pair: Pair, name: Name = "a"): readonly OtherFunding[] =>
  pair.parties[name].funded.commitments.others.filter(({ role }) => role === "active");

/** One side sees a splice mined, and buried so deep that it locks it. */
export function mined(pair: Pair, name: Name, txid: Txid, depth = 3): void {
  const party = pair.parties[name];
  const height = blockHeight(party.height + 1);
  const found = party.funded.commitments.others.find(({ terms }) => terms.outpoint.txid === txid);
  const made = present(found?.made, "a splice of this channel").constructed;
  party.height = height;
  const output = made.tx.outputs[made.fundingVout];
  pair.give(name, { tag: "OtherFundingConfirmed", txid, height, txIndex: 1, output });
  party.height = blockHeight(height + depth - 1);
  pair.give(name, { tag: "BlockConnected", height: party.height });
}
/** Both lock it. */
export function lockBoth(pair: Pair, txid: Txid): void {
  for (const name of ["a", "b"] as const) mined(pair, name, txid);
  pair.settle();
  for (const name of ["a", "b"] as const)
    assert(pair.parties[name].funded.params.funding.txid === txid, `${name} has locked the splice`);
}
