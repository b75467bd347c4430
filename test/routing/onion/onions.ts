import { deriveKey, xorInto } from "../../../routing/onion/keys.ts";
import { ONION_BYTES, PAYLOADS_BYTES, type PacketHop } from "../../../routing/onion/sphinx.ts";
import { concat } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { hmacSha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { type StaticKey, staticKeyOf } from "../../../src/crypto/static-key.ts";
import { keyStream } from "../../../src/crypto/stream.ts";
import { originOf } from "../../support/vectors.ts";

/** Where the layouts of failures and payloads stand: the public extract holds them beside the messages, ours by themselves. */
export const FAILURE_LAYOUTS =
  originOf("bolts/wire-formats.json") === "public" ? "bolts/wire-formats.json" : "bolts/bolt04/failure-messages.json";

/** A secret of the curve that is told from others by one byte. */
export const secret = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

/** A hop whose node is in our hands. */
export interface Hop extends PacketHop {
  readonly nodeKey: StaticKey;
}
/** Hops with node secrets 0x15.., 0x16.. and so on. */
export const hops = (count: number, payload: (index: number) => Uint8Array): readonly Hop[] =>
  Array.from({ length: count }, (_, index) => {
    const nodeKey = staticKeyOf(secret(0x15 + index));
    return { nodeKey, nodeId: nodeKey.publicKey, payload: payload(index) };
  });

/** A packet with a right HMAC whose payloads begin with these bytes, whatever they claim: what an attacker can send. */
export function sealedWith(start: Uint8Array, hop: Hop, associatedData: Uint8Array): Uint8Array {
  const ephemeral = secret(7);
  const shared = present(secp256k1.ecdh(hop.nodeId, ephemeral), "a shared secret");
  const payloads = new Uint8Array(PAYLOADS_BYTES).fill(1);
  payloads.set(start);
  xorInto(payloads, keyStream(deriveKey("rho", shared), PAYLOADS_BYTES));
  const hmac = hmacSha256(deriveKey("mu", shared), concat(payloads, associatedData));
  const onion = concat(Uint8Array.of(0), secp256k1.publicKey(ephemeral), payloads, hmac);
  if (onion.length !== ONION_BYTES) throw new Error("the onion of an attacker has the size of any other");
  return onion;
}
