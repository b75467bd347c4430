import { utf8 } from "../../src/base/bytes.ts";
import { hmacSha256 } from "../../src/crypto/hash.ts";

/**
 * What each key is for: `rho` hides the payloads, `mu` authenticates the packet, `pad` starts it off at random, `um`
 * authenticates a failure, `ammag` hides it on its way back, and `ammagext` what tells whose it is. BOLT 4 §Key Generation.
 */
export type KeyType = "rho" | "mu" | "um" | "pad" | "ammag" | "ammagext";

const LABELS: { readonly [K in KeyType]: Uint8Array } = {
  rho: utf8("rho"),
  mu: utf8("mu"),
  um: utf8("um"),
  pad: utf8("pad"),
  ammag: utf8("ammag"),
  ammagext: utf8("ammagext"),
};

/** 32 bytes from the 32 bytes of a shared secret (or, for `pad`, of the session key). BOLT 4 §Key Generation. */
export const deriveKey = (type: KeyType, secret: Uint8Array): Uint8Array => hmacSha256(LABELS[type], secret);

/** XORs `stream` over the front of `target`, in place: both ways of a stream cipher. */
export function xorInto(target: Uint8Array, stream: Uint8Array): void {
  for (let i = 0; i < stream.length; i++) target[i] = (target[i] as number) ^ (stream[i] as number);
}
