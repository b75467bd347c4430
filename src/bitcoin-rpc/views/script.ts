import { toHex } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { addressOf } from "../../bitcoin/address.ts";
import { withChecksum } from "../../bitcoin/descriptor-checksum.ts";
import { OP, smallNumberOf } from "../../bitcoin/opcodes.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { elementAt } from "../../bitcoin/script.ts";
import { decodeScriptNumber } from "../../bitcoin/script-number.ts";
import { isPayToAnchor, isTaproot } from "../../bitcoin/taproot.ts";
import { isP2pkh, isP2sh, witnessProgramOf } from "../../bitcoin/templates.ts";
import { kindOf } from "../../chain/standard.ts";
import type { Json } from "../json-text.ts";

const NAMES = new Map<number, string>(Object.entries(OP).map(([name, opcode]) => [opcode, `OP_${name}`]));
/** Longer pushes are shown as hex, shorter ones as the number that they are. */
const NUMBER_BYTES_MAX = 4;

/** A script in words, as Bitcoin Core writes them. */
export function scriptWords(script: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < script.length; ) {
    const element = elementAt(script, at);
    if (element === undefined) return [...words, "[error]"].join(" ");
    at = element.end;
    const { opcode, data } = element;
    if (data !== undefined)
      words.push(data.length <= NUMBER_BYTES_MAX ? String(decodeScriptNumber(data)) : toHex(data));
    else words.push(wordOf(opcode));
  }
  return words.join(" ");
}
function wordOf(opcode: number): string {
  if (opcode === OP["1NEGATE"]) return "-1";
  return String(smallNumberOf(opcode) ?? NAMES.get(opcode) ?? "OP_UNKNOWN");
}

/** What kind of output it makes, in Bitcoin Core's words. */
export function scriptType(script: Uint8Array): string {
  const program = witnessProgramOf(script);
  if (program !== undefined) {
    if (program.version === 0)
      return program.program.length === 20
        ? "witness_v0_keyhash"
        : program.program.length === 32
          ? "witness_v0_scripthash"
          : "nonstandard";
    if (isTaproot(program)) return "witness_v1_taproot";
    return isPayToAnchor(program) ? "anchor" : "witness_unknown";
  }
  if (isP2pkh(script)) return "pubkeyhash";
  if (isP2sh(script)) return "scripthash";
  if (script[0] === OP.RETURN) return "nulldata";
  const kind = kindOf(script);
  return kind === "p2pk" ? "pubkey" : kind === "multisig" ? "multisig" : "nonstandard";
}

/**
 * The descriptor of a script of which nothing else is known: its keys where they can be seen in it, its address, or itself.
 * BIP 380 §Specification, BIP 381 to 383, 385; `rawtr` is the key that stands in a taproot output, as Bitcoin Core names it.
 */
export function descriptorOf(script: Uint8Array, params: ChainParams): string {
  const program = witnessProgramOf(script);
  const written =
    program !== undefined && isTaproot(program)
      ? `rawtr(${toHex(program.program)})`
      : (keysIn(script) ?? wrapped("addr", addressOf(script, params)) ?? `raw(${toHex(script)})`);
  return present(withChecksum(written), "it is written in the characters of descriptors");
}
const wrapped = (name: string, inner: string | undefined): string | undefined =>
  inner === undefined ? undefined : `${name}(${inner})`;
function keysIn(script: Uint8Array): string | undefined {
  const kind = kindOf(script);
  if (kind !== "p2pk" && kind !== "multisig") return undefined;
  const keys: string[] = [];
  for (let at = 0; at < script.length; ) {
    const element = present(elementAt(script, at), "a script of a known kind is whole");
    at = element.end;
    if (element.data !== undefined) keys.push(toHex(element.data));
  }
  return kind === "p2pk" ? `pk(${keys[0]})` : `multi(${[smallNumberOf(script[0] ?? 0), ...keys].join(",")})`;
}

/** A scriptPubKey. */
export const scriptJson = (script: Uint8Array, params: ChainParams): { readonly [key: string]: Json | undefined } => ({
  asm: scriptWords(script),
  desc: descriptorOf(script, params),
  hex: toHex(script),
  address: addressOf(script, params),
  type: scriptType(script),
});
