import { peel, type Route } from "../../routing/index.ts";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type ChannelId, nodeId, type PaymentHash, type Preimage, shortChannelId } from "../../src/base/ids.ts";
import { cltvExpiry, msat, unixMs } from "../../src/base/units.ts";
import { type Codec, decode, encode } from "../../src/codec/codec.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import type { PaymentRequest } from "../../src/payments/payment.ts";

/** Four nodes in a line, and a payment from the first to the last. */
const secret = (fill: string): Uint8Array => fromHex(fill.repeat(32));
export const SECRETS = { self: secret("11"), bob: secret("22"), carol: secret("33"), dave: secret("44") };
const idOf = (key: Uint8Array) => nodeId(secp256k1.publicKey(key));
export const NODES = {
  self: idOf(SECRETS.self),
  bob: idOf(SECRETS.bob),
  carol: idOf(SECRETS.carol),
  dave: idOf(SECRETS.dave),
};
export const SCIDS = { bob: shortChannelId(1, 1, 0), carol: shortChannelId(2, 1, 0), dave: shortChannelId(3, 1, 0) };
export const ROUTE: Route = {
  hops: [
    { nodeId: NODES.bob, shortChannelId: SCIDS.bob, amount: msat(1_030n), expiry: cltvExpiry(198) },
    { nodeId: NODES.carol, shortChannelId: SCIDS.carol, amount: msat(1_010n), expiry: cltvExpiry(158) },
    { nodeId: NODES.dave, shortChannelId: SCIDS.dave, amount: msat(1_000n), expiry: cltvExpiry(118) },
  ],
};
export const PREIMAGE = "77".repeat(32) as Preimage;
export const HASH = toHex(sha256(fromHex(PREIMAGE))) as PaymentHash;
export const SESSION_KEY = secret("55");
export const T0 = unixMs(1_700_000_000_000);
export const later = (ms: number) => unixMs(T0 + ms);
export const CHANNEL = "c1".repeat(32) as ChannelId;
export const OTHER_CHANNEL = "c2".repeat(32) as ChannelId;

export const REQUEST: PaymentRequest = {
  paymentHash: HASH,
  payee: NODES.dave,
  amount: msat(1_000n),
  paymentSecret: secret("66"),
  paymentMetadata: undefined,
  minFinalCltvExpiryDelta: 18,
  routeHints: [],
  maxFee: msat(100n),
  deadline: later(60_000),
  customRecords: [],
  purpose: { tag: "Invoice", bolt11: "lnbcrt1", idempotencyKey: "" },
};

/** Opens the onion at one node after the other; each must be named by the layer before. */
export function peelAlong(onion: Uint8Array, keys: readonly Uint8Array[]) {
  let packet = onion;
  return keys.map((key) => {
    const peeled = peel(packet, HASH, staticKeyOf(key));
    if (peeled.tag === "Forward") packet = peeled.onion;
    return peeled;
  });
}

/** The value as it comes back from the disk: every durable state of a test goes through this. */
export function stored<T>(codec: Codec<T>, value: T): T {
  const read = decode(codec, encode(codec, value));
  if (!read.ok) throw read.error;
  return read.value;
}
