import { type SatPerKw, satPerKw } from "../../src/base/units.ts";

/** The least feerate of an attempt that is to replace one of this, in sat per 1,000 weight units. BOLT 2 §The tx_init_rbf Message. */
export const nextFeerate = (feerate: SatPerKw): SatPerKw => satPerKw(Math.floor((feerate * 25) / 24));

/** A tenth of a sat more for each vbyte: no mempool takes a replacement for less, nor do other nodes. Policy, not protocol. */
const RAISE_MIN = 25;
/** The least feerate that we offer ourselves in place of one of this. */
export const ownNextFeerate = (feerate: SatPerKw): SatPerKw =>
  satPerKw(Math.max(nextFeerate(feerate), feerate + RAISE_MIN));
