import { encodeBech32, toWords } from "../../src/base/bech32.ts";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { nodeId, paymentHash, shortChannelId } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
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
import { type Decoded, type InvoiceVectors, NETWORK, shownInvoice } from "../../test/payments/shown-invoice.ts";
import type { Freezer } from "../freeze-vectors.ts";

/** Invoices of a key of our own, in the layout of the public set. */
const SECRET = sha256(utf8("sluice frozen invoices"));
const PAYEE = secp256k1.publicKey(SECRET);
const HINT_NODE = nodeId(secp256k1.publicKey(sha256(utf8("sluice frozen hint"))));
const TERMS: InvoiceTerms = {
  network: "mainnet",
  amount: undefined,
  timestamp: 1_760_000_000,
  paymentHash: paymentHash(sha256(utf8("frozen hash"))),
  paymentSecret: sha256(utf8("frozen secret")),
  description: "a frozen invoice",
  expirySeconds: 3_600,
  minFinalCltvExpiryDelta: 18,
  features: featureBits([8, 14]),
  routeHints: [],
};
function written(terms: Partial<InvoiceTerms>): string {
  const unsigned = encodeInvoice({ ...TERMS, ...terms });
  assert(unsigned.ok, "a frozen description fits");
  return signedInvoice(unsigned.value, secp256k1.signRecoverable(unsigned.value.digest, SECRET));
}

const P = field("p", toWords(sha256(utf8("frozen hash"))));
const S = field("s", toWords(sha256(utf8("frozen secret"))));
const D = field("d", toWords(utf8("frozen")));
const H = field("h", toWords(sha256(utf8("a longer description"))));
const N = field("n", toWords(PAYEE));
const NINE = field("9", Uint8Array.of(16, 8, 0));
interface Proof {
  readonly signature: Uint8Array;
  readonly recovery: number;
}
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
function highS({ signature, recovery }: Proof): Proof {
  const s = ORDER - BigInt(`0x${toHex(signature.subarray(32))}`);
  const high = fromHex(s.toString(16).padStart(64, "0"));
  return { signature: concat(signature.subarray(0, 32), high), recovery: recovery ^ 1 };
}
/** An invoice of any fields behind a timestamp. */
function crafted(
  hrp: string,
  fields: readonly Uint8Array[],
  change: (proof: Proof) => Proof = (proof) => proof,
): string {
  const words = concat(Uint8Array.of(1, 20, 14, 10, 25, 0, 0), ...fields);
  const { signature, recovery } = change(secp256k1.signRecoverable(sha256(signedData(hrp, words)), SECRET));
  const proof = toWords(concat(signature, Uint8Array.of(recovery)));
  return encodeBech32({ hrp, words: concat(words, proof), variant: "bech32" });
}
const fallback = (version: number, program: Uint8Array): Uint8Array =>
  field("f", concat(Uint8Array.of(version), toWords(program)));
const program = (bytes: number): Uint8Array => sha256(utf8(`program of ${bytes}`)).subarray(0, bytes);

const HINTS: InvoiceTerms["routeHints"] = [
  [1, 2].map((at) => ({
    nodeId: HINT_NODE,
    shortChannelId: shortChannelId(700_000 + at, at, 0),
    feeBaseMsat: at,
    feeProportionalMillionths: 10 * at,
    cltvExpiryDelta: 40 + at,
  })),
];
const SHORT = new Uint8Array(51).fill(1);
const IGNORED = [fallback(19, program(20)), ...(["p", "h", "s", "n"] as const).map((letter) => field(letter, SHORT))];
const VALID: Readonly<Record<string, string>> = {
  "any-amount": written({}),
  "one-minute": written({ amount: msat(250_000_000n), expirySeconds: 60 }),
  "utf8-description": written({ amount: msat(1_000n), description: "川の水 für 1 ₿" }),
  "description-hash": crafted("lnbc20m", [P, S, H, NINE]),
  "testnet-key-hash-fallback": crafted("lntb20m", [P, S, D, fallback(17, program(20)), NINE]),
  "two-hop-route-hint": written({ amount: msat(2_000_000_000n), routeHints: HINTS }),
  "script-hash-fallback": crafted("lnbc20m", [P, S, D, fallback(18, program(20)), NINE]),
  "p2wpkh-fallback": crafted("lnbc20m", [P, S, D, fallback(0, program(20)), NINE]),
  "p2wsh-fallback": crafted("lnbc20m", [P, S, D, fallback(0, program(32)), NINE]),
  "p2tr-fallback": crafted("lnbc20m", [P, S, D, fallback(1, program(32)), NINE]),
  "pico-amount": written({ amount: msat(967_878_531n), minFinalCltvExpiryDelta: 10 }),
  "odd-feature": written({ features: featureBits([8, 14, 99]) }),
  "upper-case": written({ amount: msat(2_500_000_000n) }).toUpperCase(),
  "ignored-fields": crafted("lnbc25m", [P, D, S, NINE, Uint8Array.of(2, 0, 1, 3), ...IGNORED]),
  "stated-payee": crafted("lnbc25m", [P, D, S, N, NINE]),
  metadata: written({ features: featureBits([8, 14, 48]), paymentMetadata: fromHex("01fa") }),
  "high-s": crafted("lnbc", [P, S, D, NINE], highS),
};

const good = crafted("lnbc25m", [P, S, D, NINE]);
/** Names as in the public set: the test says for each which rule it breaks. */
const INVALID: Readonly<Record<string, string>> = {
  "unknown-even-feature-100": written({ features: featureBits([8, 14, 100]) }),
  checksum: good.slice(0, -1) + (good.endsWith("q") ? "p" : "q"),
  "no-separator": good.slice("lnbc25m1".length).replaceAll("1", "q"),
  "mixed-case": good.replace("lnbc", "LNBC"),
  "signature-not-recoverable": crafted("lnbc25m", [P, S, D, NINE], ({ recovery }) => ({
    signature: new Uint8Array(64),
    recovery,
  })),
  "too-short": encodeBech32({ hrp: "lnbc", words: new Uint8Array(60), variant: "bech32" }),
  "invalid-multiplier": crafted("lnbc2500x", [P, S, D, NINE]),
  "sub-millisatoshi": crafted("lnbc2500000001p", [P, S, D, NINE]),
  "missing-payment-secret": crafted("lnbc20m", [P, D, NINE]),
  "high-s-with-n-field": crafted("lnbc25m", [P, S, S, D, N, NINE], highS),
};

function vectors(): InvoiceVectors {
  const valid = Object.entries(VALID).map(([name, invoice]) => {
    const network: Decoded["network"] = invoice.startsWith("lntb") ? "testnet" : "mainnet";
    const read = decodeInvoice(invoice, NETWORK[network]);
    assert(read.ok, `a frozen invoice is valid: ${name}`);
    return { name, invoice, decoded: { ...shownInvoice(read.value, network), network } };
  });
  const invalid = Object.entries(INVALID).map(([name, invoice]) => ({ name, invoice }));
  return { signing_privkey: toHex(SECRET), valid, invalid };
}

export const freezers: readonly Freezer[] = [{ path: "bolts/bolt11/invoices.json", make: vectors }];
