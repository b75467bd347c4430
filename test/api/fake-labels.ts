import { ok } from "../../src/base/result.ts";
import type { Label } from "../../src/daemon/wallet/label.ts";
import { TXID } from "./fake-chain.ts";

const LABEL: Label = { type: "output", ref: `${TXID}:0`, label: "rent", origin: undefined, spendable: false };
/** What people call things. */
export const labelReadings = () => ({ labels: () => [LABEL] });
/** And what is called anew. */
export const labelChanges = () => ({
  setLabel: async (label: Label) => ok(label),
  importLabels: async () => ok({ taken: 2, skipped: 1 }),
});
