import { usage } from "./exit.ts";

const AMOUNT = /^(\d{1,19})(sat|msat)?$/;
const MSAT_PER_SAT = 1000n;

/** `25`, `25sat` or `25000msat`, as the API wants it: millisatoshis in decimal. */
export function msatOf(text: string): string {
  const [, digits, unit] = AMOUNT.exec(text) ?? [];
  if (digits === undefined) throw usage(`${text} is not an amount.`, "write 25 or 25sat, or 25000msat");
  return (BigInt(digits) * (unit === "msat" ? 1n : MSAT_PER_SAT)).toString();
}
/** `25` or `25sat`: whole satoshis in decimal. */
export function satOf(text: string): string {
  const [, digits, unit] = AMOUNT.exec(text) ?? [];
  if (digits === undefined || unit === "msat") {
    throw usage(`${text} is not an amount of whole satoshis.`, "write 25 or 25sat");
  }
  return BigInt(digits).toString();
}
export function wholeOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usage(`${text} is not a whole number.`);
  return Number(text);
}

/** `1234567` as `1,234,567`. Signs stay. */
export const grouped = (digits: string): string => digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
/** Millisatoshis as satoshis for people: `25000` as `25`, `25` as `0.025`. */
export function satText(msat: string): string {
  const value = BigInt(msat);
  const rest = (value % MSAT_PER_SAT).toString().padStart(3, "0").replace(/0+$/, "");
  return grouped((value / MSAT_PER_SAT).toString()) + (rest === "" ? "" : `.${rest}`);
}
/** `1 peer`, `2 peers`. */
export const counted = (many: number, what: string): string => `${many} ${what}${many === 1 ? "" : "s"}`;
