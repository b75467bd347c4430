import { type Outpoint, outpointKey } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import type { Sat } from "../../base/units.ts";
import type { InsufficientFunds } from "../../bitcoin/coins.ts";
import { DESCRIPTOR_FAULTS } from "../../bitcoin/descriptor-fault.ts";
import type { TxOut } from "../../bitcoin/tx.ts";
import { dustLimit, isDust } from "../../chain/standard.ts";
import type { CommandFault } from "../command-fault.ts";
import type { BumpFault } from "./bump.ts";
import type { LockFault } from "./locks.ts";
import type { WatchFault } from "./watch-add.ts";

/** The refusals of the wallet, in words for people. */
export const unspendableCoin = (outpoint: Outpoint): CommandFault => ({
  code: "not_possible",
  detail: `${outpointKey(outpoint)} is no coin of this wallet that can be spent now`,
  pointer: "/coins",
});
/** What no Bitcoin node would pass on: it would be given up after it was said to be sent. */
export const dustFault = (output: TxOut): CommandFault | undefined =>
  isDust(output)
    ? {
        code: "not_possible",
        detail: `less than ${dustLimit(output)} sat to such an address is not relayed`,
        pointer: "/amountSat",
      }
    : undefined;
export const lockFault = (fault: LockFault): CommandFault =>
  fault.code === "no_coin"
    ? { code: "not_found", detail: "no coin of this wallet that is not spent or reserved", pointer: "/outpoint" }
    : {
        code: "insufficient_balance",
        detail: `${fault.keep} sat stay free for the fees of closing channels, and only ${fault.left} would be left`,
        pointer: "/outpoint",
      };
export const toPerson = (fault: InsufficientFunds, kept: Sat): CommandFault => ({
  code: "insufficient_balance",
  detail: `needs ${fault.needed} sat on the chain${keptFor(kept)}, ${fault.available} sat can be spent`,
});
/** Why more is needed than what is paid. */
export const keptFor = (kept: Sat): string =>
  kept === 0n ? "" : ` (${kept} sat of it stay there for the fees of closing channels)`;

export function bumpFault(fault: BumpFault, kept: Sat): CommandFault {
  const refuse = (detail: string): CommandFault => ({ code: "not_possible", detail, pointer: "/method" });
  switch (fault.code) {
    case "insufficient_funds":
      return toPerson(fault, kept);
    case "not_waiting":
      return { code: "not_found", detail: "no transaction of this wallet that waits to be mined" };
    case "funds_channel":
      return {
        code: "funds_channel",
        detail: "replaced, it would take the channel with it: use cpfp",
        pointer: "/method",
      };
    case "not_ours":
      return refuse("it spends more than coins of the wallet; the fees of a closing channel rise by themselves");
    case "has_children":
      return refuse("something else is built on it: raise the fee of that");
    case "no_output":
      return refuse("nothing of it comes back to the wallet that a child could spend");
    case "too_little":
      return {
        code: "feerate_too_low",
        detail: `at least ${fault.least} sat per 1,000 weight units`,
        pointer: "/feerateSatPerKw",
      };
    default:
      return unreachable(fault);
  }
}

export function watchFault(fault: WatchFault | { readonly code: "unknown" }): CommandFault {
  switch (fault.code) {
    case "unknown":
      return { code: "not_found", detail: "no descriptor that is watched" };
    case "known":
      return { code: "not_possible", detail: "this descriptor is watched already", pointer: "/descriptor" };
    case "too_many_watches":
      return { code: "not_possible", detail: "no more descriptors can be watched: remove one" };
    case "wrong_network":
      return { code: "wrong_network", detail: DESCRIPTOR_FAULTS.wrong_network, pointer: "/descriptor" };
    case "private_key":
      return { code: "private_key", detail: DESCRIPTOR_FAULTS.private_key, pointer: "/descriptor" };
    default:
      return { code: "bad_request", detail: DESCRIPTOR_FAULTS[fault.code], pointer: "/descriptor" };
  }
}
