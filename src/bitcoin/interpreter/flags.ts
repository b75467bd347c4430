import type { BlockHash } from "../../base/ids.ts";
import type { ChainParams } from "../params.ts";

/** The rules of script execution that came after the first, by Bitcoin Core's names. */
export type ScriptFlag = (typeof SCRIPT_FLAGS)[number];
export const SCRIPT_FLAGS = [
  /** BIP 16 §Specification. */
  "P2SH",
  /** Signatures and keys in known forms only. Policy, not protocol. */
  "STRICTENC",
  /** BIP 66 §Specification. */
  "DERSIG",
  /** BIP 62 §Low S values in signatures. Policy, not protocol. */
  "LOW_S",
  /** BIP 147 §Specification. */
  "NULLDUMMY",
  /** No scriptSig may do more than push. Policy, not protocol. */
  "SIGPUSHONLY",
  /** Pushes and numbers in their shortest form. BIP 62 §Push operators. Policy, not protocol. */
  "MINIMALDATA",
  "DISCOURAGE_UPGRADABLE_NOPS",
  /** Nothing but one true value is left. Policy for legacy scripts, protocol for witness scripts. */
  "CLEANSTACK",
  /** BIP 65 §Detailed Specification. */
  "CHECKLOCKTIMEVERIFY",
  /** BIP 112 §Specification. */
  "CHECKSEQUENCEVERIFY",
  /** BIP 141 §New script semantics. */
  "WITNESS",
  "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM",
  /** What OP_IF reads in a witness script is empty or one. Policy, not protocol. */
  "MINIMALIF",
  /** A signature that fails is empty. Policy, not protocol. */
  "NULLFAIL",
  /** BIP 143 §Restrictions on public key type. Policy, not protocol. */
  "WITNESS_PUBKEYTYPE",
  /** BIP 341 §Script validation rules, and BIP 342 §Script execution. */
  "TAPROOT",
  "DISCOURAGE_UPGRADABLE_TAPROOT_VERSION",
  "DISCOURAGE_OP_SUCCESS",
  "DISCOURAGE_UPGRADABLE_PUBKEYTYPE",
  /** No OP_CODESEPARATOR and no signature found in a legacy script. Policy, not protocol. */
  "CONST_SCRIPTCODE",
] as const;

export type ScriptFlags = { readonly [F in ScriptFlag]: boolean };

export const scriptFlags = (...on: readonly ScriptFlag[]): ScriptFlags =>
  Object.fromEntries(SCRIPT_FLAGS.map((flag) => [flag, on.includes(flag)])) as ScriptFlags;

/** Everything, as transactions must keep it to be relayed. A program of a version not yet run here is refused. */
export const STANDARD_FLAGS = scriptFlags(...SCRIPT_FLAGS);

/**
 * The rules that a block at this height must keep. As in Bitcoin Core, P2SH, witnesses and taproot count from the first block
 * on: the blocks before were checked to keep them too, but for those that the chain's parameters list.
 * @param hash  the block's, as far as it can be one of those
 */
export function consensusFlags(
  height: number,
  { activation, scriptExceptions }: ChainParams,
  hash?: BlockHash,
): ScriptFlags {
  const excepted = hash === undefined ? undefined : scriptExceptions.get(hash);
  return {
    ...(excepted === undefined ? BURIED : scriptFlags(...excepted)),
    DERSIG: height >= activation.bip66,
    CHECKLOCKTIMEVERIFY: height >= activation.bip65,
    CHECKSEQUENCEVERIFY: height >= activation.csv,
    NULLDUMMY: height >= activation.segwit,
  };
}
const BURIED = scriptFlags("P2SH", "WITNESS", "TAPROOT");
