import { z } from "zod";
import { isCustomType } from "../../payments/keysend.ts";

const TYPE_MAX = 2n ** 64n - 1n;
const isEvenCustom = (text: string): boolean => {
  if (!/^\d{1,20}$/.test(text)) return false;
  const type = BigInt(text);
  return type % 2n === 0n && type <= TYPE_MAX && isCustomType(type);
};
/** Of a setting: even types of TLV records that are for applications, in decimal with commas between. */
export const evenTypes = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").filter((type) => type !== "") : value),
  z.array(z.coerce.string().refine(isEvenCustom, "must be types of records, even and from 65536 on")),
);
