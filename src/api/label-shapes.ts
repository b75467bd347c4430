import { z } from "zod";
import { LABEL_TYPES } from "../daemon/wallet/label.ts";
import { count } from "./shapes.ts";

/** A label as it is shown: as a line of a file of labels, with null for what is not said. BIP 329 §Specification. */
export const labelShape = z.object({
  type: z.enum(LABEL_TYPES),
  ref: z.string(),
  label: z.string(),
  origin: z.string().nullable(),
  spendable: z.boolean().nullable(),
});
export const importedLabelsShape = z.object({
  taken: count,
  skipped: count.meta({ description: "lines of a type that is not known" }),
});
