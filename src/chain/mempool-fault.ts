import type { TxFault } from "../bitcoin/check.ts";
import type { EphemeralFault } from "./ephemeral.ts";
import type { InputFault, Refusal } from "./faults.ts";
import type { PendingFault } from "./pending.ts";
import type { ReplaceFault } from "./replace.ts";
import type { StandardFault } from "./standard.ts";

/** Why a transaction is not taken into the mempool; the words are Bitcoin Core's. */
export interface MempoolFault extends Refusal {
  readonly code:
    | TxFault
    | InputFault
    | StandardFault
    | ReplaceFault
    | PriceFault
    | EphemeralFault
    | PendingFault
    | "TRUC-violation"
    | "txn-already-known"
    | "txn-already-in-mempool"
    | "txn-same-nonwitness-data-in-mempool"
    | "non-final"
    | "no-witness-yet"
    | "non-BIP68-final"
    | "bip125-replacement-disallowed"
    | "too-long-mempool-chain"
    | "mempool full"
    | "mempool-script-verify-flag-failed";
}
export type PriceFault = "min relay fee not met" | "mempool min fee not met";

/**
 * What another transaction that comes with it can make good: a child that pays for its parent, a parent that its child
 * spends. Everything else is wrong with the transaction itself.
 */
export const CURABLE: ReadonlySet<MempoolFault["code"]> = new Set<MempoolFault["code"]>([
  "min relay fee not met",
  "mempool min fee not met",
  "insufficient fee",
  "bad-txns-inputs-missingorspent",
]);
