/** Satoshis for people, exact: `1,401.4` for 1401400 msat. */
export function satText(msat: string | bigint): string {
  const amount = BigInt(msat);
  const whole = (amount / 1000n).toString().replace(/\B(?=(?:\d{3})+$)/g, ",");
  const part = (amount % 1000n).toString().padStart(3, "0").replace(/0+$/, "");
  return part === "" ? whole : `${whole}.${part}`;
}
/** Whole satoshis that hold so many millisatoshis. */
export const satCeil = (msat: bigint): bigint => (msat + 999n) / 1000n;

/**
 * A cap to begin with: the whole film and a tenth more for routers, rounded up to two digits. The person who pays sets
 * the real one.
 */
export function suggestedCapSat(pricePerUnit: bigint, units: number): bigint {
  const needed = satCeil((pricePerUnit * BigInt(units) * 11n) / 10n);
  const step = 10n ** BigInt(Math.max(0, needed.toString().length - 2));
  const rounded = ((needed + step - 1n) / step) * step;
  return rounded > 0n ? rounded : 1n;
}
