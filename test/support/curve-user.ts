import bolt11 from "bolt11";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";

/**
 * A program that uses the curve in every way the node does: on its own, for ECDSA and Schnorr, and through bolt11, which
 * recovers the signer of an invoice. Prints `curve <provider> <payee is ours and the signature verifies>`. Run by test/crypto/one-curve.test.ts.
 */
const secret = fromHex("c1".repeat(32));
const request = {
  network: { bech32: "bcrt", pubKeyHash: 0x6f, scriptHash: 0xc4, validWitnessVersions: [0, 1] },
  timestamp: 1_700_000_000,
  payeeNodeKey: toHex(secp256k1.publicKey(secret)),
  tags: [
    { tagName: "payment_hash", data: "ab".repeat(32) },
    { tagName: "payment_secret", data: "cd".repeat(32) },
    { tagName: "description", data: "one curve" },
    {
      tagName: "feature_bits",
      data: { word_length: 3, var_onion_optin: { required: true }, payment_secret: { required: true } },
    },
    { tagName: "routing_info", data: [route(fromHex("c2".repeat(32)))] },
  ],
};
function route(hopSecret: Uint8Array) {
  return {
    pubkey: toHex(secp256k1.publicKey(hopSecret)),
    short_channel_id: "0000010000010001",
    fee_base_msat: 1,
    fee_proportional_millionths: 2,
    cltv_expiry_delta: 40,
  };
}

/** The digest under an invoice's signature: prefix, then the 5-bit words packed into bytes. BOLT 11 §Data Part. */
function digestOf(prefix: string, words: readonly number[]): Uint8Array {
  const packed: number[] = [];
  let bits = 0;
  let held = 0;
  for (const word of words) {
    held = (held << 5) | word;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      packed.push((held >> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) packed.push((held << (8 - bits)) & 0xff);
  return sha256(Uint8Array.of(...utf8(prefix), ...packed));
}

type Unsigned = { readonly prefix: string; readonly wordsTemp: string };
const unsigned = bolt11.encode(request as never, false) as unknown as Unsigned;
const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const words = [...unsigned.wordsTemp.slice("temp1".length, -6)].map((character) => CHARSET.indexOf(character));
const { signature, recovery } = secp256k1.signRecoverable(digestOf(unsigned.prefix, words), secret);
const signed = bolt11.encode(
  { ...unsigned, signature: toHex(signature), recoveryFlag: recovery, complete: true } as never,
  false,
);
const decoded = bolt11.decode(signed.paymentRequest as string, request.network);
const isOurs = decoded.payeeNodeKey === toHex(secp256k1.publicKey(secret));
const message = utf8("one curve");
const isVerified = schnorr.verify(schnorr.sign(message, secret, secret), message, schnorr.publicKey(secret));
console.log(`curve ${secp256k1.name} ${isOurs && isVerified}`);
