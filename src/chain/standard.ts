import { OP, smallNumberOf } from "../bitcoin/opcodes.ts";
import { isPushOnly, parseScript } from "../bitcoin/script.ts";
import { exactSigops, redeemScriptOf } from "../bitcoin/sigops.ts";
import { isStandardWitness } from "../bitcoin/standard-witness.ts";
import { isPayToAnchor, isTaproot } from "../bitcoin/taproot.ts";
import { isP2pkh, isP2sh, isUnspendable, type WitnessProgram, witnessProgramOf } from "../bitcoin/templates.ts";
import { strippedSize, type Tx, type TxIn, type TxOut, txOut, weightOf } from "../bitcoin/tx.ts";
import { encode } from "../codec/codec.ts";
import type { Coin } from "./coins.ts";

/** Policy, not protocol: what is relayed and mined, as Bitcoin Core has it by default. Blocks may hold more. */
export type StandardFault =
  | "coinbase"
  | "version"
  | "tx-size"
  | "tx-size-small"
  | "scriptsig-size"
  | "scriptsig-not-pushonly"
  | "scriptpubkey"
  | "dust"
  | "bad-txns-nonstandard-inputs"
  | "bad-witness-nonstandard"
  | "bad-txns-too-many-sigops";

const WEIGHT_MAX = 400_000;
/** Smaller ones could pass for an inner node of the merkle tree (CVE-2017-12842). */
const STRIPPED_BYTES_MIN = 65;
const SCRIPT_SIG_BYTES_MAX = 1650;
/** Outputs that are dust, and for a child to spend. */
const DUST_OUTPUTS_MAX = 1;
const VERSION_MAX = 3;
const BARE_MULTISIG_KEYS_MAX = 3;
/** Two numbers, an opcode, and as many keys in their longest form. */
const BARE_BYTES_MAX = 3 + BARE_MULTISIG_KEYS_MAX * 66;
/** Sat per 1,000 virtual bytes: an output whose later spending would cost more at this rate is dust. */
const DUST_RELAY_FEE = 3000n;
/** Signature checks in the script of one P2SH input. */
const P2SH_SIGOPS_MAX = 15;
/** Signature checks outside of witnesses, whose cost may grow with the square of the size. BIP 54 §Specification. */
const LEGACY_SIGOPS_MAX = 2500;
const SPEND_BYTES = 148;
const SPEND_WITNESS_BYTES = 67;

export type ScriptKind =
  | "p2pkh"
  | "p2sh"
  | "p2pk"
  | "multisig"
  | "data"
  | "witness_v0"
  | "taproot"
  | "anchor"
  /** Of a version or length that has no meaning yet: it may be paid to, but spending it is not relayed. */
  | "witness_unknown"
  | "nonstandard";

function kindOfProgram(program: WitnessProgram): ScriptKind {
  if (program.version === 0) return [20, 32].includes(program.program.length) ? "witness_v0" : "nonstandard";
  if (isTaproot(program)) return "taproot";
  return isPayToAnchor(program) ? "anchor" : "witness_unknown";
}

export function kindOf(script: Uint8Array): ScriptKind {
  const program = witnessProgramOf(script);
  if (program !== undefined) return kindOfProgram(program);
  if (isP2sh(script)) return "p2sh";
  if (isP2pkh(script)) return "p2pkh";
  if (script[0] === OP.RETURN) return isPushOnly(script.subarray(1)) ? "data" : "nonstandard";
  // What follows is short, and taking a long script apart is not.
  if (script.length > BARE_BYTES_MAX) return "nonstandard";
  const elements = parseScript(script) ?? [];
  const isKey = (data: Uint8Array | undefined): boolean => data?.length === 33 || data?.length === 65;
  if (elements.length === 2 && isKey(elements[0]?.data) && elements[1]?.opcode === OP.CHECKSIG) return "p2pk";
  const keys = smallNumberOf(elements.at(-2)?.opcode ?? OP.RETURN) ?? 0;
  const needed = smallNumberOf(elements[0]?.opcode ?? OP.RETURN) ?? 0;
  const isMultisig =
    elements.at(-1)?.opcode === OP.CHECKMULTISIG &&
    needed >= 1 &&
    needed <= keys &&
    keys <= BARE_MULTISIG_KEYS_MAX &&
    elements.length === keys + 3 &&
    elements.slice(1, -2).every(({ data }) => isKey(data));
  return isMultisig ? "multisig" : "nonstandard";
}

/** Below this an output costs more to spend than it holds. Sat. */
export function dustLimit({ script, amount }: TxOut): bigint {
  if (isUnspendable(script)) return 0n;
  const isWitness = witnessProgramOf(script) !== undefined;
  const size = encode(txOut, { script, amount }).length + (isWitness ? SPEND_WITNESS_BYTES : SPEND_BYTES);
  return (BigInt(size) * DUST_RELAY_FEE) / 1000n;
}

export const isDust = (output: TxOut): boolean => output.amount < dustLimit(output);

/** What policy says of a transaction by itself. */
export function checkStandard(tx: Tx): StandardFault | undefined {
  if (tx.version < 1 || tx.version > VERSION_MAX) return "version";
  if (weightOf(tx) > WEIGHT_MAX) return "tx-size";
  if (strippedSize(tx) < STRIPPED_BYTES_MIN) return "tx-size-small";
  for (const { scriptSig } of tx.inputs) {
    if (scriptSig.length > SCRIPT_SIG_BYTES_MAX) return "scriptsig-size";
    if (!isPushOnly(scriptSig)) return "scriptsig-not-pushonly";
  }
  // Data outputs may be many and of any size: since Bitcoin Core 30 they have no limit below that of the transaction.
  if (tx.outputs.some(({ script }) => kindOf(script) === "nonstandard")) return "scriptpubkey";
  return tx.outputs.filter(isDust).length > DUST_OUTPUTS_MAX ? "dust" : undefined;
}

const NOT_SPENT: ReadonlySet<ScriptKind> = new Set<ScriptKind>(["nonstandard", "data", "witness_unknown"]);
/** What policy says of what a transaction spends. */
export function checkStandardInputs(tx: Tx, coins: readonly Coin[]): StandardFault | undefined {
  const spent = tx.inputs.map((input, index) => ({ input, script: coins[index]?.output.script ?? NO_SCRIPT }));
  let sigops = 0;
  for (const { input, script } of spent) {
    if (NOT_SPENT.has(kindOf(script))) return "bad-txns-nonstandard-inputs";
    const redeeming = redeemSigops(input, script);
    if (redeeming > P2SH_SIGOPS_MAX) return "bad-txns-nonstandard-inputs";
    sigops += exactSigops(input.scriptSig) + redeeming + exactSigops(script);
    if (sigops > LEGACY_SIGOPS_MAX) return "bad-txns-nonstandard-inputs";
  }
  return spent.every(({ input, script }) => isStandardWitness(script, input)) ? undefined : "bad-witness-nonstandard";
}
const NO_SCRIPT = new Uint8Array(0);
function redeemSigops({ scriptSig }: TxIn, script: Uint8Array): number {
  const redeemScript = isP2sh(script) ? redeemScriptOf(scriptSig) : undefined;
  return redeemScript === undefined ? 0 : exactSigops(redeemScript);
}
