import { expect } from "chai";
import { LISTING, type Pair } from "./pair.ts";

/** How many payments the viewer's side has asked for. */
export const payments = (pair: Pair): number => pair.effects.filter(({ tag }) => tag === "StartPayment").length;
/** The slots that were not unlocked, and why. */
export const refusals = (pair: Pair) =>
  pair.effects.flatMap((effect) => (effect.tag === "NotUnlocked" ? [[effect.slots, effect.reason.code]] : []));
/** Both sides have written the same, and every unit was paid for. */
export function expectSameAccount({ payer, payee }: Pair): void {
  expect(payer.record.account).to.deep.equal(payee.account);
  expect(payer.record.unlocked).to.deep.equal(payee.unlocked);
  expect(payee.account.paid).to.equal(LISTING.pricePerUnit * BigInt(payee.account.units));
}
