/** Whole satoshis with their thousands apart. */
export const grouped = (digits: string | bigint | number): string => String(digits).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** The beginning and the end of a hash. */
export const short = (hash: string): string => `${hash.slice(0, 8)}…${hash.slice(-6)}`;

const UNITS: readonly (readonly [seconds: number, letter: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];
/** How long ago, in its largest unit: `4 min`. */
export function ageText(time: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  const [size, letter] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${grouped(Math.floor(seconds / size))} ${letter}`;
}

/** A count of hashes that people can compare: `4.3 M`. */
export function hashesText(work: string | bigint): string {
  const digits = BigInt(work).toString();
  const group = Math.min(PREFIXES.length - 1, Math.floor((digits.length - 1) / 3));
  if (group === 0) return digits;
  const whole = digits.slice(0, digits.length - group * 3);
  const tenth = digits.charAt(whole.length);
  return `${grouped(whole)}.${tenth} ${PREFIXES[group]}`;
}
const PREFIXES = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"] as const;

export const whenText = (time: string): string => time.replace("T", " ").replace(/(?:\.\d+)?Z$/, " UTC");
