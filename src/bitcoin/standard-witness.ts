import { redeemScriptOf } from "./sigops.ts";
import { isPayToAnchor, isTaproot, leafVersionOf, splitAnnex, TAPSCRIPT_LEAF_VERSION } from "./taproot.ts";
import { isP2sh, type WitnessProgram, witnessProgramOf } from "./templates.ts";
import type { TxIn } from "./tx.ts";

const WITNESS_SCRIPT_BYTES_MAX = 3600;
const WITNESS_ITEMS_MAX = 100;
/** Also of a tapscript, whose size and number of items are free. */
const WITNESS_ITEM_BYTES_MAX = 80;

const areSmall = (items: readonly Uint8Array[]): boolean =>
  items.every(({ length }) => length <= WITNESS_ITEM_BYTES_MAX);

/** Policy, not protocol: whether a witness is no larger than what it spends has use for, as Bitcoin Core has it. */
export function isStandardWitness(scriptPubKey: Uint8Array, { scriptSig, witness }: TxIn): boolean {
  if (witness.length === 0) return true;
  if (isP2sh(scriptPubKey)) {
    const redeemScript = redeemScriptOf(scriptSig);
    const nested = redeemScript && witnessProgramOf(redeemScript);
    return nested !== undefined && isStandardV0(nested, witness);
  }
  const program = witnessProgramOf(scriptPubKey);
  if (program === undefined || isPayToAnchor(program)) return false;
  return isTaproot(program) ? isStandardTaproot(witness) : isStandardV0(program, witness);
}

function isStandardV0({ version, program }: WitnessProgram, witness: readonly Uint8Array[]): boolean {
  if (version !== 0 || program.length !== 32) return true;
  const items = witness.slice(0, -1);
  return (
    (witness.at(-1)?.length ?? 0) <= WITNESS_SCRIPT_BYTES_MAX && items.length <= WITNESS_ITEMS_MAX && areSmall(items)
  );
}

/** Nothing is known yet that an annex would be for. */
function isStandardTaproot(witness: readonly Uint8Array[]): boolean {
  const { elements, annex } = splitAnnex(witness);
  if (annex !== undefined) return false;
  const control = elements.length >= 2 ? elements.at(-1) : undefined;
  if (control === undefined) return true;
  if (control.length === 0) return false;
  return leafVersionOf(control) !== TAPSCRIPT_LEAF_VERSION || areSmall(elements.slice(0, -2));
}
