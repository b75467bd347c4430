import { type Outpoint, outpointKey } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import { type Sat, ZERO_SAT } from "../../base/units.ts";
import type { InsufficientFunds } from "../../bitcoin/coins.ts";
import type { CommandFault } from "../command-fault.ts";
import { toPerson } from "./faults.ts";
import type { CoinStatus } from "./state.ts";

/** Why nothing is done with a PSBT. `index` is that of the input or output at fault. */
export type PsbtFault =
  | InsufficientFunds
  /** No PSBT of version 0, or one in which a field is not what BIP 174 says. */
  | { readonly code: "malformed" }
  | { readonly code: "too_large" }
  | { readonly code: "repeated_input"; readonly index: number }
  /** Of an input it is not said what it spends. */
  | { readonly code: "unknown_prevout"; readonly index: number }
  /** The transaction that is given as an input's parent is another one. */
  | { readonly code: "wrong_parent"; readonly index: number }
  /** Of an input two things are said, or another than our own record of the coin knows. */
  | { readonly code: "wrong_prevout"; readonly index: number }
  /** More goes out than comes in. */
  | { readonly code: "negative_fee" }
  /** More comes in than there are coins. */
  | { readonly code: "too_much" }
  | { readonly code: "absurd_fee"; readonly fee: Sat; readonly most: Sat }
  | { readonly code: "dust_output"; readonly index: number }
  /** A coin of ours that is not free for it. */
  | { readonly code: "kept_coin"; readonly outpoint: Outpoint; readonly status: CoinStatus }
  /** It spends a payment to us that is in no block any more: nothing would know of that once it is there again. */
  | { readonly code: "lost_coin"; readonly index: number }
  /** Our signature would not cover everything. */
  | { readonly code: "other_sighash"; readonly index: number }
  /** Several that are to be one are not of the same transaction. */
  | { readonly code: "other_transaction" }
  /** Nothing is kept for it. */
  | { readonly code: "not_out" }
  /** No input of it is a coin of this wallet. */
  | { readonly code: "not_ours" }
  | { readonly code: "incomplete"; readonly index: number }
  | { readonly code: "bad_signature"; readonly index: number };

/** In words for people. */
export function psbtFault(fault: PsbtFault, kept: Sat = ZERO_SAT): CommandFault {
  const pointer = "/psbt";
  const refuse = (code: CommandFault["code"], detail: string): CommandFault => ({ code, detail, pointer });
  const untrue = (detail: string): CommandFault => refuse("psbt_untrue", detail);
  switch (fault.code) {
    case "insufficient_funds":
      return toPerson(fault, kept);
    case "malformed":
      return refuse("bad_request", "no PSBT of version 0 (BIP 174)");
    case "too_large":
      return refuse("bad_request", "too large");
    case "repeated_input":
      return refuse("bad_request", `input ${fault.index} spends what another one spends`);
    case "unknown_prevout":
      return refuse("bad_request", `nothing says what input ${fault.index} spends`);
    case "wrong_parent":
      return untrue(`the transaction given for input ${fault.index} is not the one that it spends`);
    case "wrong_prevout":
      return untrue(`what is said of input ${fault.index} is not what it spends`);
    case "negative_fee":
      return untrue("more goes out than comes in");
    case "too_much":
      return untrue("more comes in than there are coins");
    case "absurd_fee":
      return refuse("fee_too_high", `it pays ${fault.fee} sat to miners, and ${fault.most} would be plenty`);
    case "dust_output":
      return refuse("not_possible", `output ${fault.index} is dust, which is not relayed`);
    case "kept_coin":
      return refuse("not_possible", `${outpointKey(fault.outpoint)} is ${fault.status}`);
    case "lost_coin":
      return refuse("not_possible", `what input ${fault.index} spends is in no block any more: wait until it is again`);
    case "other_sighash":
      return refuse("not_possible", `input ${fault.index} asks for a signature that does not cover everything`);
    case "other_transaction":
      return refuse("bad_request", "they are not of the same transaction");
    case "not_out":
      return { code: "not_found", detail: "no coins are kept for a PSBT of that id" };
    case "not_ours":
      return refuse("not_possible", "no input of it is a coin of this wallet");
    case "incomplete":
      return refuse("not_possible", `input ${fault.index} is not signed yet`);
    case "bad_signature":
      return untrue(`the signature of input ${fault.index} is wrong`);
    default:
      return unreachable(fault);
  }
}
