import { type ChannelId, hashBytes, channelId as makeChannelId, type Outpoint } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import type { Sat } from "../../src/base/units.ts";
import { multisig2of2, p2wshOf } from "../../src/bitcoin/templates.ts";
import type { TxOut } from "../../src/bitcoin/tx.ts";

/** What every commitment and closing transaction spends: the output, its value and the script behind its hash. */
export interface Funding {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly witnessScript: Uint8Array;
}

/** The script behind the funding output, the same whichever key comes first. BOLT 3 §Funding Transaction Output. */
export const fundingScript = (localFundingPubkey: Uint8Array, remoteFundingPubkey: Uint8Array): Uint8Array =>
  multisig2of2(localFundingPubkey, remoteFundingPubkey);

/** The output that the funding transaction must hold, to the sat and to the byte. BOLT 3 §Funding Transaction Output. */
export const fundingOutput = (localFundingPubkey: Uint8Array, remoteFundingPubkey: Uint8Array, amount: Sat): TxOut => ({
  amount,
  script: p2wshOf(fundingScript(localFundingPubkey, remoteFundingPubkey)),
});

/**
 * The txid as hashed with the output index (16 bits, big endian) XORed into its last two bytes. BOLT 2 §Definition of
 * channel_id.
 */
export function channelIdOf(outpoint: Outpoint): ChannelId {
  assert(outpoint.vout <= 0xffff, "a funding output has an index of 16 bits");
  const bytes = hashBytes(outpoint.txid);
  bytes[30] = (bytes[30] as number) ^ (outpoint.vout >> 8);
  bytes[31] = (bytes[31] as number) ^ (outpoint.vout & 0xff);
  return makeChannelId(bytes);
}
