import type { Outpoint } from "../base/ids.ts";
import { txOut } from "../bitcoin/tx.ts";
import { encode, struct } from "../codec/codec.ts";
import { txid as txidCodec, u32le } from "../codec/primitives.ts";
import type { Coin } from "./coins.ts";

const coinWithPlace = struct({ txid: txidCodec, vout: u32le, heightAndCoinbase: u32le, output: txOut });

/**
 * A coin as it goes into the hash of the whole set: outpoint, twice its height with the lowest bit for coinbases, output.
 * The double SHA-256 of all coins one after the other, in the order of their txids as hashed and then of their outputs, is
 * what Bitcoin Core calls `hash_serialized_3` in `gettxoutsetinfo`.
 */
export const coinForHash = ({ txid, vout }: Outpoint, { output, height, coinbase }: Coin): Uint8Array =>
  encode(coinWithPlace, { txid, vout, heightAndCoinbase: height * 2 + (coinbase ? 1 : 0), output });
