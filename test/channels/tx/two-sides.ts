import fc from "fast-check";
import {
  type ChannelKeys,
  type ChannelSecrets,
  channelKeys,
  channelSecrets,
} from "../../../channels/keys/channel-keys.ts";
import { type CommitmentKeys, commitmentKeys } from "../../../channels/keys/commitment-keys.ts";
import type { CommitmentHtlc, CommitmentSpec } from "../../../channels/tx/commitment.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { type CommitmentTerms, commitmentTerms } from "../../../channels/tx/terms.ts";
import { openerCost } from "../../../channels/tx/weights.ts";
import { paymentHash, txid } from "../../../src/base/ids.ts";
import { cltvExpiry, msat, type Sat, sat, satPerKw } from "../../../src/base/units.ts";

/** Two nodes with a channel between them: what each of them knows, without any machine. */
export interface Side {
  readonly secrets: ChannelSecrets;
  readonly keys: ChannelKeys;
  readonly dustLimit: Sat;
  /** What this side demands of the other. */
  readonly toSelfDelay: number;
}
const side = (seed: number, dustLimit: bigint, toSelfDelay: number): Side => {
  const secrets = channelSecrets(new Uint8Array(32).fill(seed));
  return { secrets, keys: channelKeys(secrets), dustLimit: sat(dustLimit), toSelfDelay };
};
export const alice = side(11, 354n, 144);
export const bob = side(22, 546n, 720);
export const CAPACITY = sat(10_000_000n);
export const OUTPOINT = { txid: txid(new Uint8Array(32).fill(9)), vout: 1 };

/** The terms of the commitments that `owner` can publish, in a channel that `opener` opened. */
export const termsOf = (owner: Side, other: Side, opener: Side, format: CommitmentFormat): CommitmentTerms =>
  commitmentTerms({
    format,
    fundingOutpoint: OUTPOINT,
    capacity: CAPACITY,
    opener: opener === owner ? "local" : "remote",
    local: { basepoints: owner.keys, dustLimit: owner.dustLimit },
    remote: { basepoints: other.keys, toSelfDelay: other.toSelfDelay },
  });
export const keysOf = (owner: Side, other: Side, number: bigint): CommitmentKeys =>
  commitmentKeys(owner.keys.derived, owner.keys, other.keys, owner.keys.commitmentPoint(number));

/** HTLCs small enough that any 12 of them leave both balances able to pay for everything. */
const htlc = (index: number) =>
  fc
    .record({
      side: fc.constantFrom("offered", "received") as fc.Arbitrary<"offered" | "received">,
      amount: fc.bigInt({ min: 1n, max: 4_000_000n }),
      hash: fc.integer({ min: 0, max: 3 }),
      expiry: fc.integer({ min: 500, max: 503 }),
    })
    .map(
      ({ side, amount, hash, expiry }): CommitmentHtlc => ({
        id: BigInt(index),
        side,
        amount: msat(amount),
        paymentHash: paymentHash(new Uint8Array(32).fill(hash)),
        expiry: cltvExpiry(expiry),
      }),
    );

export const specs: fc.Arbitrary<CommitmentSpec> = fc
  .record({
    htlcs: fc
      .integer({ min: 0, max: 12 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => htlc(i)))),
    feerate: fc.integer({ min: 253, max: 20_000 }).map(satPerKw),
    // The share of the opener: from just what it must pay to all there is.
    share: fc.bigInt({ min: 0n, max: 1_000_000n }),
  })
  .map(({ htlcs, feerate, share }) => {
    const pending = htlcs.reduce((sum, { amount }) => sum + amount, 0n);
    const least = openerCost(htlcs.length, feerate, "anchors") * 1000n;
    const free = CAPACITY * 1000n - pending - least;
    const toLocal = least + (free * share) / 1_000_000n;
    return { toLocal: msat(toLocal), toRemote: msat(CAPACITY * 1000n - pending - toLocal), htlcs, feerate };
  });
