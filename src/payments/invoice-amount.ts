import { assert, err, ok, type Result } from "../base/result.ts";
import { isMsat, type Msat } from "../base/units.ts";
import type { NetworkName } from "../bitcoin/params.ts";

/** The readable part of an invoice: for which currency it is, and how much it asks. BOLT 11 §Human-Readable Part. */
export interface ReadablePart {
  readonly currency: Currency;
  /** Undefined: the payer chooses. */
  readonly amount: Msat | undefined;
}
export type Currency = "bc" | "tb" | "tbs" | "bcrt" | "slu";
export const CURRENCY: { readonly [N in NetworkName]: Currency } = {
  mainnet: "bc",
  testnet3: "tb",
  testnet4: "tb",
  signet: "tbs",
  regtest: "bcrt",
  sluicenet: "slu",
};

/** Tenths of a millisatoshi in one unit of the multiplier: the smallest unit, `p`, is a tenth of a millisatoshi. */
const DECIMSAT: Readonly<Record<string, bigint>> = {
  "": 1_000_000_000_000n,
  m: 1_000_000_000n,
  u: 1_000_000n,
  n: 1_000n,
  p: 1n,
};
/** Longer numbers of any multiplier are above 21 million coins. */
const DIGITS_MAX = 20;

/** What the text in front of the last `1` says. The longest currency that fits is meant: `lntbs` is never `lntb` with an amount `s`. */
export function readReadablePart(hrp: string): Result<ReadablePart, "unknown_prefix" | "bad_amount"> {
  const match = /^ln(bcrt|bc|tbs|tb|slu)(.*)$/.exec(hrp);
  if (match === null) return err("unknown_prefix");
  const [currency, text] = match.slice(1) as [Currency, string];
  if (text === "") return ok({ currency, amount: undefined });
  const amount = /^([1-9]\d*)([munp]?)$/.exec(text);
  if (amount === null) return err(/^\d/.test(text) ? "bad_amount" : "unknown_prefix");
  const [digits, multiplier] = amount.slice(1) as [string, string];
  const unit = DECIMSAT[multiplier];
  assert(unit !== undefined, "the pattern allows known multipliers only");
  if (digits.length > DIGITS_MAX) return err("bad_amount");
  const decimsat = BigInt(digits) * unit;
  const amountMsat = decimsat / 10n;
  if (decimsat % 10n !== 0n || !isMsat(amountMsat)) return err("bad_amount");
  return ok({ currency, amount: amountMsat });
}
