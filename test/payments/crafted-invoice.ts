import { encodeBech32, toWords } from "../../src/base/bech32.ts";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { nodeId, paymentHash } from "../../src/base/ids.ts";
import { msat } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import {
  decodeInvoice,
  encodeInvoice,
  field,
  type InvoiceTerms,
  signedData,
  signedInvoice,
} from "../../src/payments/invoice.ts";
import { featureBits } from "../../src/wire/features.ts";

export const SECRET = fromHex("42".repeat(32));
export const PAYEE = nodeId(secp256k1.publicKey(SECRET));
export const TERMS: InvoiceTerms = {
  network: "regtest",
  amount: msat(1_500n),
  timestamp: 1_700_000_000,
  paymentHash: paymentHash(fromHex("ab".repeat(32))),
  paymentSecret: fromHex("cd".repeat(32)),
  description: "one film, ナンセンス",
  expirySeconds: 600,
  minFinalCltvExpiryDelta: 18,
  features: featureBits([8, 14]),
  routeHints: [],
};
export function written(terms: InvoiceTerms): string {
  const unsigned = encodeInvoice(terms);
  if (!unsigned.ok) throw new Error(unsigned.error.code);
  return signedInvoice(unsigned.value, secp256k1.signRecoverable(unsigned.value.digest, SECRET));
}
export interface Proof {
  readonly signature: Uint8Array;
  readonly recovery: number;
}
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** The other signature that the same key and digest have: s becomes n - s. */
export function highS(digest: Uint8Array): Proof {
  const { signature, recovery } = secp256k1.signRecoverable(digest, SECRET);
  const s = ORDER - BigInt(`0x${toHex(signature.subarray(32))}`);
  return {
    signature: concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0"))),
    recovery: recovery ^ 1,
  };
}
/** An invoice with any words between timestamp and signature, signed by our key. */
export function crafted(hrp: string, ...fields: readonly Uint8Array[]): string {
  return sealed(hrp, fields, (digest) => secp256k1.signRecoverable(digest, SECRET));
}
export function sealed(hrp: string, fields: readonly Uint8Array[], sign: (digest: Uint8Array) => Proof): string {
  const words = concat(new Uint8Array(7), ...fields);
  const { signature, recovery } = sign(sha256(signedData(hrp, words)));
  return encodeBech32({
    hrp,
    words: concat(words, toWords(concat(signature, Uint8Array.of(recovery)))),
    variant: "bech32",
  });
}
export const P = field("p", toWords(fromHex("ab".repeat(32))));
export const S = field("s", toWords(fromHex("cd".repeat(32))));
export const D = field("d", toWords(utf8("d")));
export const H = field("h", toWords(fromHex("ef".repeat(32))));
export const N = field("n", toWords(fromHex(PAYEE)));
export const refusal = (text: string): unknown => {
  const read = decodeInvoice(text, "regtest");
  return read.ok ? "accepted" : read.error;
};
