import { unreachable } from "../../base/result.ts";
import type { NotUnlocked } from "../../streams/payer-session.ts";
import type { CommandFault } from "../commands.ts";

/** Why a session's command is refused, in the words of commands. */
export const UNKNOWN: CommandFault = { code: "not_found", detail: "no such session" };
export const refusedBySite = (fault: object): CommandFault => ({
  code: "peer_refused",
  detail: `the site answered ${JSON.stringify(fault)}`,
});

export function notUnlocked(reason: NotUnlocked): CommandFault {
  switch (reason.code) {
    case "session_closed":
      return { code: "session_closed", detail: "the session is closed" };
    case "no_such_slot":
      return { code: "not_found", detail: "the stream has no such unit" };
    case "key_rejected":
      return { code: "not_possible", detail: "a key of this site was wrong: nothing more is paid" };
    case "need_topup":
      return { code: "need_topup", detail: `the next unit costs ${reason.needed} msat, ${reason.left} msat are left` };
    case "site_refused":
      return { code: "peer_refused", detail: reason.detail };
    case "payment_failed":
      return { code: "payment_failed", detail: reason.detail };
    default:
      return unreachable(reason);
  }
}
