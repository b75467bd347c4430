import type { HtlcOrigin } from "../../channels/index.ts";
import {
  blockHash,
  channelId,
  type PaymentHash,
  type Preimage,
  paymentHash,
  preimage,
  type Txid,
  unpackShortChannelId,
} from "../../src/base/ids.ts";
import { blockHeight, cltvExpiry, sat } from "../../src/base/units.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";

/** What the tests of channels begin with: heights, scripts, a funding transaction, preimages that can be found again. */
export const HEIGHT = blockHeight(200);
export const ONION = new Uint8Array(1366).fill(7);
export const SCRIPT = {
  a: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(0xaa)),
  b: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(0xbb)),
};
/** By which name each side lets the other know the channel. */
export const ALIAS = { a: unpackShortChannelId((1n << 63n) | 0xan), b: unpackShortChannelId((1n << 63n) | 0xbn) };
export type Name = "a" | "b";
export const other = (name: Name): Name => (name === "a" ? "b" : "a");

export const CHAIN = blockHash(new Uint8Array(32).fill(6));
export const EXPIRY = cltvExpiry(HEIGHT + 500);

export function fundingTx(output: TxOut): Tx {
  return {
    version: 2,
    inputs: [
      {
        prevout: { txid: "11".repeat(32) as Txid, vout: 0 },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [new Uint8Array(64)],
      },
    ],
    outputs: [{ amount: sat(50_000n), script: SCRIPT.a }, output],
    locktime: 0,
  };
}
const hashes = new Map<PaymentHash, Preimage>();
export const preimageOf = (tick: number): Preimage => preimage(sha256(new TextEncoder().encode(`tick ${tick}`)));
export function hashOf(tick: number): PaymentHash {
  const secret = sha256(new TextEncoder().encode(`tick ${tick}`));
  const hash = paymentHash(sha256(secret));
  hashes.set(hash, preimage(secret));
  return hash;
}
export const preimageOfHash = (hash: PaymentHash): Preimage => hashes.get(hash) as Preimage;
export const originKey = (origin: HtlcOrigin): string =>
  origin.tag === "payment" ? `${origin.paymentId}/${origin.attempt}` : `${origin.channelId}/${origin.htlcId}`;

export const TEMPORARY = channelId(new Uint8Array(32).fill(9));
