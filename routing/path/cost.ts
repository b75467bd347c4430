import { type Msat, msat } from "../../src/base/units.ts";

/** What a node asks for forwarding over one channel. BOLT 7 §The channel_update Message. */
export interface FeePolicy {
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
}

const MILLION = 1_000_000n;
/** Policy, not protocol: what locking an amount for a block is worth to us, in billionths of it. */
const RISK_BILLIONTHS_PER_BLOCK = 15n;
/** Policy, not protocol: what it is worth to us to go by no channel that may be closed, in msat. */
export const SPENT_RISK = 100_000n;
const BILLION = 1_000_000_000n;

/**
 * The fee for sending `amount` on: base + amount × proportional / 1,000,000, rounded down. BOLT 7 §HTLC Fees.
 *
 * @param amount of the outgoing HTLC, in msat
 */
export const forwardingFee = (policy: FeePolicy, amount: Msat): Msat => msat(rawFee(policy, amount));

/** As `forwardingFee`, without the check of its range: senseless policies are for the search to pass over. */
export const rawFee = (policy: FeePolicy, amount: bigint): bigint =>
  BigInt(policy.feeBaseMsat) + (amount * BigInt(policy.feeProportionalMillionths)) / MILLION;

/** The price, in msat, that we put on having `amount` locked for `blocks` should something go wrong. Policy, not protocol. */
export const lockRisk = (amount: bigint, blocks: number): bigint =>
  (amount * BigInt(blocks) * RISK_BILLIONTHS_PER_BLOCK) / BILLION;
