import { OP } from "../../src/bitcoin/opcodes.ts";
import { isP2pkh, isP2sh, witnessProgramOf } from "../../src/bitcoin/templates.ts";
import { hasFeature } from "../../src/wire/features.ts";

const OPTION_SHUTDOWN_ANYSEGWIT = 26;
const OPTION_SIMPLE_CLOSE = 60;

/** Whether each side makes a closing transaction of its own. BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export const isSimpleClose = (features: Uint8Array): boolean => hasFeature(features, OPTION_SIMPLE_CLOSE);

/**
 * Whether a mutual close may pay to this script: a witness program, of version 1 to 16 only where both sides know
 * option_shutdown_anysegwit, or data only where both know option_simple_close. BOLT 2 §Closing Initiation: shutdown.
 */
export function isShutdownScript(script: Uint8Array, features: Uint8Array): boolean {
  if (script[0] === OP.RETURN) return isSimpleClose(features) && isOnePush(script.subarray(1));
  const program = witnessProgramOf(script);
  if (program === undefined) return false;
  if (program.version === 0) return program.program.length === 20 || program.program.length === 32;
  return hasFeature(features, OPTION_SHUTDOWN_ANYSEGWIT);
}

/** Of 6 to 80 bytes, in its shorter form where there are two. */
function isOnePush(push: Uint8Array): boolean {
  const [first = 0, second = 0] = push;
  if (first === OP.PUSHDATA1) return second > 75 && second <= 80 && push.length === second + 2;
  return first >= 6 && first <= 75 && push.length === first + 1;
}

/** Whether a peer may be paid there: also the forms that old nodes name. BOLT 2 §Closing Initiation: shutdown. */
export const isPeersShutdownScript = (script: Uint8Array, features: Uint8Array): boolean =>
  isShutdownScript(script, features) || isP2pkh(script) || isP2sh(script);
