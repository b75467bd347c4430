import { present } from "../base/result.ts";
import { withChecksum } from "./descriptor-checksum.ts";

/**
 * What an output script looks like, for one output or for a row of them: a language of its own. Of it we read what needs
 * public keys alone, without trees of tapscripts and without `combo`. BIP 380 §Specification, BIP 381 to 383, 385, 386.
 */
export type Descriptor =
  | { readonly tag: KeyScript; readonly key: DescriptorKey }
  | { readonly tag: HashedScript; readonly inner: Descriptor }
  | MultisigDescriptor
  | { readonly tag: "addr"; readonly address: string; readonly script: Uint8Array }
  | { readonly tag: "raw"; readonly hex: string; readonly script: Uint8Array };
/** Of one key. */
export type KeyScript = "pk" | "pkh" | "wpkh" | "tr";
/** Of the hash of another script. */
export type HashedScript = "sh" | "wsh";
/** BIP 383 §Specification. */
export interface MultisigDescriptor {
  readonly tag: "multi" | "sortedmulti";
  readonly threshold: number;
  readonly keys: readonly DescriptorKey[];
}

/** BIP 380 §Key Expressions. */
export type DescriptorKey = PlainKey | ExtendedKey;
/** One public key. */
export interface PlainKey {
  readonly tag: "plain";
  /** Where it comes from, as it was written, brackets and all; empty when nothing is said. */
  readonly origin: string;
  readonly hex: string;
  /** 33 or 65 bytes, or the 32 of an x-only key. */
  readonly bytes: Uint8Array;
}
/** An extended key and the way from it to the keys that are meant. */
export interface ExtendedKey {
  readonly tag: "extended";
  readonly origin: string;
  readonly xpub: string;
  readonly path: readonly number[];
  /** All its children are meant, one for each script of a row. */
  readonly ranged: boolean;
}

/** Every key of it, in the order in which they stand. */
export function keysOf(descriptor: Descriptor): readonly DescriptorKey[] {
  if ("key" in descriptor) return [descriptor.key];
  if ("keys" in descriptor) return descriptor.keys;
  return "inner" in descriptor ? keysOf(descriptor.inner) : [];
}

/** Whether it stands for a row of scripts, and not for one. */
export const isRanged = (descriptor: Descriptor): boolean =>
  keysOf(descriptor).some((key) => key.tag === "extended" && key.ranged);

/** As it is written, with its checksum. BIP 380 §Checksum. */
export const printDescriptor = (descriptor: Descriptor): string =>
  present(withChecksum(bare(descriptor)), "what was parsed is of the right characters");

function bare(descriptor: Descriptor): string {
  if ("key" in descriptor) return `${descriptor.tag}(${printKey(descriptor.key)})`;
  if ("inner" in descriptor) return `${descriptor.tag}(${bare(descriptor.inner)})`;
  if ("keys" in descriptor) {
    return `${descriptor.tag}(${[descriptor.threshold, ...descriptor.keys.map(printKey)].join(",")})`;
  }
  return descriptor.tag === "addr" ? `addr(${descriptor.address})` : `raw(${descriptor.hex})`;
}

function printKey(key: DescriptorKey): string {
  if (key.tag === "plain") return key.origin + key.hex;
  return `${key.origin}${[key.xpub, ...key.path].join("/")}${key.ranged ? "/*" : ""}`;
}
