import { generateSecret, INDEX_MAX } from "../../channels/keys/commitment-secrets.ts";
import {
  derivePublicKey,
  deriveRevocationPublicKey,
  deriveRevocationSecret,
  deriveSecret,
} from "../../channels/keys/derivation.ts";
import { ANCHOR_SAT } from "../../channels/tx/format.ts";
import { fundingOutput, fundingScript } from "../../channels/tx/funding-tx.ts";
import {
  commitmentFee,
  commitmentWeight,
  DUST_THRESHOLD,
  isTrimmed,
  secondStageFee,
  secondStageWeight,
} from "../../channels/tx/weights.ts";
import { concat, toHex } from "../../src/base/bytes.ts";
import { txid } from "../../src/base/ids.ts";
import { msat, sat, satPerKw } from "../../src/base/units.ts";
import { encodeTx, SEQUENCE_FINAL, txidOf } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { Freezer } from "../freeze-vectors.ts";

const own = (label: number): Uint8Array => sha256(Uint8Array.of(0x5c, label));

function keyDerivation(): unknown {
  const [baseSecret, commitmentSecret] = [own(1), own(2)];
  const [basePoint, point] = [secp256k1.publicKey(baseSecret), secp256k1.publicKey(commitmentSecret)];
  return {
    base_secret: toHex(baseSecret),
    per_commitment_secret: toHex(commitmentSecret),
    base_point: toHex(basePoint),
    per_commitment_point: toHex(point),
    expected: {
      pubkey: toHex(derivePublicKey(basePoint, point)),
      privkey: toHex(deriveSecret(baseSecret, basePoint, point)),
      revocation_pubkey: toHex(deriveRevocationPublicKey(basePoint, point)),
      revocation_privkey: toHex(deriveRevocationSecret(baseSecret, commitmentSecret)),
    },
    intermediate: { sha256_percommit_basepoint: toHex(sha256(concat(point, basePoint))) },
  };
}

function perCommitmentSecrets(): unknown {
  const seed = own(3);
  const indexes = [INDEX_MAX, INDEX_MAX - 1n, 0x123456789abcn, 1n, 0n];
  const steps = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((n) => ({
    index: `${INDEX_MAX - n}`,
    secret: toHex(generateSecret(seed, INDEX_MAX - n)),
    accept: true,
  }));
  const wrong = [0, 2, 4, 6].map((at) => {
    // The one that follows an even place derives it, and so finds it out.
    const changed = steps.slice(0, at + 2).map((step, index) => ({
      ...step,
      secret: index === at ? toHex(own(4)) : step.secret,
      accept: index <= at,
    }));
    return { name: `secret ${at} is of another seed`, steps: changed };
  });
  return {
    generate: indexes.map((index) => ({
      name: `index ${index}`,
      seed: toHex(seed),
      index: `${index}`,
      secret: toHex(generateSecret(seed, index)),
    })),
    insert: [{ name: "eight secrets in their turn", steps }, ...wrong],
  };
}

function fundingTx(): unknown {
  const [local, remote] = [secp256k1.publicKey(own(5)), secp256k1.publicKey(own(6))];
  const amount = sat(7_654_321n);
  const tx = {
    version: 2,
    inputs: [
      {
        prevout: { txid: txid(own(7)), vout: 2 },
        scriptSig: new Uint8Array(0),
        sequence: SEQUENCE_FINAL,
        witness: [own(8)],
      },
    ],
    outputs: [{ amount: sat(1_000n), script: Uint8Array.of(0x6a) }, fundingOutput(local, remote, amount)],
    locktime: 0,
  };
  return {
    local_funding_pubkey: toHex(local),
    remote_funding_pubkey: toHex(remote),
    funding_witness_script: toHex(fundingScript(local, remote)),
    funding_satoshis: `${amount}`,
    funding_output_index: 1,
    funding_tx: toHex(encodeTx(tx)),
    funding_txid: txidOf(tx),
  };
}

function weights(): unknown {
  const feerate = satPerKw(2_500);
  const dust = sat(600n);
  const plain = "static_remotekey";
  const kept = (side: "offered" | "received", amounts: readonly string[]): readonly string[] =>
    amounts.filter((amount) => !isTrimmed({ side, amount: msat(BigInt(amount)) }, dust, feerate, plain));
  const [offered, received] = [
    ["2257000", "2256999", "9000000"],
    ["2357000", "2356999"],
  ] as const;
  const untrimmed = { offered: kept("offered", offered), received: kept("received", received) };
  const count = untrimmed.offered.length + untrimmed.received.length;
  const both = <T>(of: (format: "static_remotekey" | "anchors") => T) => ({
    no_anchors: of(plain),
    anchors: of("anchors"),
  });
  const { p2pkh, p2sh, p2wpkh, p2wsh, unknownSegwit } = DUST_THRESHOLD;
  const thresholds = { p2pkh, p2sh, p2wpkh, p2wsh, unknown_segwit: unknownSegwit };
  return {
    commitment_weight: {
      ...both((format) => commitmentWeight(0, format)),
      per_untrimmed_htlc: commitmentWeight(1, plain) - commitmentWeight(0, plain),
    },
    htlc_tx_weight: both((format) => ({
      timeout: secondStageWeight("offered", format),
      success: secondStageWeight("received", format),
    })),
    anchor_output_sat: Number(ANCHOR_SAT),
    dust_threshold_sat: Object.fromEntries(Object.entries(thresholds).map(([kind, value]) => [kind, Number(value)])),
    example: {
      feerate_per_kw: feerate,
      dust_limit_satoshis: Number(dust),
      offered_msat: offered,
      received_msat: received,
      expect: {
        htlc_timeout_fee_sat: Number(secondStageFee("offered", feerate, plain)),
        htlc_success_fee_sat: Number(secondStageFee("received", feerate, plain)),
        untrimmed,
        commitment_weight: commitmentWeight(count, plain),
        base_fee_sat: Number(commitmentFee(count, feerate, plain)),
      },
    },
  };
}

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt03/key-derivation.json", make: keyDerivation },
  { path: "bolts/bolt03/per-commitment-secrets.json", make: perCommitmentSecrets },
  { path: "bolts/bolt03/funding-tx.json", make: fundingTx },
  { path: "bolts/bolt03/weights-dust-fees.json", make: weights },
];
