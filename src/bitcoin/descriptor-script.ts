import { compareBytes } from "../base/bytes.ts";
import { present, unreachable } from "../base/result.ts";
import type { Descriptor, DescriptorKey, ExtendedKey, KeyScript, MultisigDescriptor } from "./descriptor.ts";
import { OP } from "./opcodes.ts";
import { script } from "./script.ts";
import { outputKey } from "./taproot.ts";
import { p2pkhOf, p2shOf, p2tr, p2wpkhOf, p2wshOf } from "./templates.ts";

/**
 * The compressed public key at the end of an extended key's path, or its child of that number where it is ranged.
 * BIP 32 §Public parent key → public child key.
 */
export type DeriveKey = (key: ExtendedKey, index: number) => Uint8Array;

/**
 * The scriptPubKey number `index` (below 2^31) of a descriptor, or its only one whatever the index. All keys of a multisig
 * go on together. BIP 383 §Multiple Extended Keys.
 */
export function scriptOf(descriptor: Descriptor, index: number, derive: DeriveKey): Uint8Array {
  switch (descriptor.tag) {
    case "pk":
    case "pkh":
    case "wpkh":
    case "tr":
      return scriptOfKey(descriptor.tag, keyAt(descriptor.key, index, derive));
    case "sh":
      return p2shOf(scriptOf(descriptor.inner, index, derive));
    case "wsh":
      return p2wshOf(scriptOf(descriptor.inner, index, derive));
    case "multi":
    case "sortedmulti":
      return multisig(descriptor, index, derive);
    case "addr":
    case "raw":
      return descriptor.script;
    default:
      return unreachable(descriptor);
  }
}

const keyAt = (key: DescriptorKey, index: number, derive: DeriveKey): Uint8Array =>
  key.tag === "plain" ? key.bytes : derive(key, index);

function scriptOfKey(tag: KeyScript, key: Uint8Array): Uint8Array {
  if (tag === "pk") return script(key, OP.CHECKSIG);
  if (tag === "pkh") return p2pkhOf(key);
  if (tag === "wpkh") return p2wpkhOf(key);
  const output = outputKey(key.length === 32 ? key : key.subarray(1));
  return p2tr(present(output, "nobody can find a key that its own tweak makes none").key);
}

function multisig({ tag, threshold, keys }: MultisigDescriptor, index: number, derive: DeriveKey): Uint8Array {
  const derived = keys.map((key) => keyAt(key, index, derive));
  const sorted = tag === "multi" ? derived : derived.sort(compareBytes);
  return script(BigInt(threshold), ...sorted, BigInt(keys.length), OP.CHECKMULTISIG);
}
