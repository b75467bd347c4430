import type { ChannelSecrets } from "../../../channels/keys/channel-keys.ts";
import { type Basepoints, commitmentKeys, keyCache } from "../../../channels/keys/commitment-keys.ts";
import type { CommitmentHtlc, CommitmentSpec } from "../../../channels/tx/commitment.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { type CommitmentTerms, commitmentTerms } from "../../../channels/tx/terms.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { type Preimage, parseTxid, paymentHash, preimage } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";

type Side = "local" | "remote";
/** Hex of the keys that the vectors name. */
type VectorKeys = {
  readonly [K in
    | `${Side}_funding_pubkey`
    | `${Side}_funding_privkey`
    | `${Side}_payment_basepoint`
    | `${Side}_payment_basepoint_secret`
    | `${Side}_htlc_basepoint`
    | "remote_revocation_basepoint"
    | "local_delayed_payment_basepoint"
    | "local_per_commitment_point"]: string;
};

/** The channel of the commitment vectors: `bolts/bolt03/commitment-*.json`. */
export interface CommitmentVectors {
  readonly channel_type: string;
  readonly common: VectorKeys & {
    readonly funding_tx_id: string;
    readonly funding_output_index: number;
    readonly funding_amount_satoshi: string;
    readonly obscured_commitment_number_mask: string;
    readonly commitment_number: number;
    readonly local_delay: number;
    readonly local_dust_limit_satoshi?: number;
    readonly remote_revocation_basepoint_secret?: string;
  };
  readonly htlcs: readonly {
    readonly id: number;
    readonly direction: "local->remote" | "remote->local";
    readonly amount_msat: string;
    readonly cltv_expiry: number;
    readonly payment_preimage: string;
  }[];
  readonly cases: readonly CommitmentCase[];
}
export interface CommitmentCase {
  readonly name: string;
  readonly to_local_msat: string;
  readonly to_remote_msat: string;
  readonly local_feerate_per_kw: number;
  readonly local_dust_limit_satoshi?: number;
  readonly htlc_ids_in_commitment: readonly number[];
  readonly remote_signature_der: string;
  readonly local_signature_der?: string;
  readonly commit_tx: string;
  readonly base_commitment_fee_sat?: number;
  readonly actual_commitment_fee_sat?: number;
  readonly htlc_txs: readonly {
    readonly commit_output_index: number;
    readonly kind: "htlc-success" | "htlc-timeout";
    readonly htlc_id: number;
    readonly remote_htlc_signature_der: string;
    readonly local_htlc_signature_der?: string;
    readonly tx: string;
  }[];
}

const hex = (vectors: CommitmentVectors, name: keyof VectorKeys): Uint8Array => fromHex(vectors.common[name]);

export const vectorNumber = (vectors: CommitmentVectors): bigint => BigInt(vectors.common.commitment_number);

function basepoints(vectors: CommitmentVectors, side: Side): Basepoints {
  const unused = hex(vectors, `${side}_payment_basepoint`);
  return {
    fundingPubkey: hex(vectors, `${side}_funding_pubkey`),
    paymentBasepoint: hex(vectors, `${side}_payment_basepoint`),
    htlcBasepoint: hex(vectors, `${side}_htlc_basepoint`),
    revocationBasepoint: side === "remote" ? hex(vectors, "remote_revocation_basepoint") : unused,
    delayedPaymentBasepoint: side === "local" ? hex(vectors, "local_delayed_payment_basepoint") : unused,
  };
}

/** The scalars that the vectors give for each side; those that they do not name are the payment basepoint's. */
export function vectorSecrets(vectors: CommitmentVectors, side: Side): ChannelSecrets {
  const payment = hex(vectors, `${side}_payment_basepoint_secret`);
  const revocation = side === "remote" ? vectors.common.remote_revocation_basepoint_secret : undefined;
  return {
    funding: hex(vectors, `${side}_funding_privkey`),
    revocationBasepoint: revocation === undefined ? payment : fromHex(revocation),
    paymentBasepoint: payment,
    delayedPaymentBasepoint: payment,
    htlcBasepoint: payment,
    commitmentSeed: payment,
  };
}

export const vectorPoint = (vectors: CommitmentVectors): Uint8Array => hex(vectors, "local_per_commitment_point");
export const vectorKeys = (vectors: CommitmentVectors) =>
  commitmentKeys(keyCache(), basepoints(vectors, "local"), basepoints(vectors, "remote"), vectorPoint(vectors));

export function vectorTerms(
  vectors: CommitmentVectors,
  one: CommitmentCase,
  format: CommitmentFormat,
): CommitmentTerms {
  const dust = one.local_dust_limit_satoshi ?? vectors.common.local_dust_limit_satoshi;
  return commitmentTerms({
    format,
    fundingOutpoint: {
      txid: present(parseTxid(vectors.common.funding_tx_id), "txid"),
      vout: vectors.common.funding_output_index,
    },
    capacity: sat(BigInt(vectors.common.funding_amount_satoshi)),
    opener: "local",
    local: { basepoints: basepoints(vectors, "local"), dustLimit: sat(BigInt(present(dust, "dust limit"))) },
    remote: { basepoints: basepoints(vectors, "remote"), toSelfDelay: vectors.common.local_delay },
  });
}

export const vectorPreimage = (vectors: CommitmentVectors, id: number): Preimage =>
  preimage(fromHex(present(vectors.htlcs[id], "htlc of that id").payment_preimage));

export function vectorSpec(vectors: CommitmentVectors, one: CommitmentCase): CommitmentSpec {
  const htlcs = one.htlc_ids_in_commitment.map((id): CommitmentHtlc => {
    const htlc = present(vectors.htlcs[id], "htlc of that id");
    return {
      id: BigInt(id),
      side: htlc.direction === "local->remote" ? "offered" : "received",
      amount: msat(BigInt(htlc.amount_msat)),
      paymentHash: paymentHash(sha256(fromHex(htlc.payment_preimage))),
      expiry: cltvExpiry(htlc.cltv_expiry),
    };
  });
  return {
    toLocal: msat(BigInt(one.to_local_msat)),
    toRemote: msat(BigInt(one.to_remote_msat)),
    htlcs,
    feerate: satPerKw(one.local_feerate_per_kw),
  };
}
