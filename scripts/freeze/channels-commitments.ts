import {
  type ChannelKeys,
  type ChannelSecrets,
  channelKeys,
  channelSecrets,
} from "../../channels/keys/channel-keys.ts";
import { signClaim } from "../../channels/keys/claim-signer.ts";
import { commitmentKeys } from "../../channels/keys/commitment-keys.ts";
import {
  FRESH_MEMORY,
  localCommitmentRequest,
  remoteCommitmentRequest,
  type SigningRequest,
  sign,
} from "../../channels/keys/signer.ts";
import {
  buildCommitment,
  type CommitmentHtlc,
  type CommitmentSpec,
  type UntrimmedHtlc,
} from "../../channels/tx/commitment.ts";
import type { CommitmentFormat } from "../../channels/tx/format.ts";
import { scriptLock } from "../../channels/tx/lock.ts";
import { commitmentTerms } from "../../channels/tx/terms.ts";
import { commitmentFee } from "../../channels/tx/weights.ts";
import { fundingWitness, secondStageWitness, withWitness } from "../../channels/tx/witnesses.ts";
import { toHex } from "../../src/base/bytes.ts";
import { paymentHash, preimage, txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { cltvExpiry, msat, sat, satPerKw } from "../../src/base/units.ts";
import { encodeDer } from "../../src/bitcoin/der.ts";
import { encodeTx } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { Freezer } from "../freeze-vectors.ts";

/** One channel of our own, in many states, in the layout of BOLT 3's commitment vectors. */
const NUMBER = 1_234_567n;
const DELAY = 720;
const CAPACITY = sat(8_000_000n);
const OUTPOINT = { txid: txid(sha256(Uint8Array.of(1))), vout: 3 };

interface Party {
  readonly secrets: ChannelSecrets;
  readonly keys: ChannelKeys;
}
function party(seed: number): Party {
  const secrets = channelSecrets(sha256(Uint8Array.of(2, seed)));
  return { secrets, keys: channelKeys(secrets) };
}
const local = party(1);
/** As in the public vectors, htlc and payment basepoint are one key, so that one secret serves both. */
const merged = ({ secrets, keys }: Party): Party => ({
  secrets: { ...secrets, htlcBasepoint: secrets.paymentBasepoint },
  keys: { ...keys, htlcBasepoint: keys.paymentBasepoint },
});
const owner = merged(local);
const other = merged(party(2));

const preimageOf = (id: number): Uint8Array => sha256(Uint8Array.of(3, id));
const HTLCS = [
  { side: "received", amount: 900_000n, expiry: 700 },
  { side: "received", amount: 1_400_000n, expiry: 701 },
  { side: "offered", amount: 2_345_678n, expiry: 702 },
  { side: "offered", amount: 2_345_999n, expiry: 699 },
  { side: "received", amount: 20_000_000n, expiry: 703 },
] as const;
const htlc = (id: number): CommitmentHtlc => {
  const { side, amount, expiry } = present(HTLCS[id], "htlc of that id");
  // Numbers 2 and 3 share a hash and, in whole sat, an amount: only the expiry orders them.
  const hash = sha256(preimageOf(id === 3 ? 2 : id));
  return { id: BigInt(id), side, amount: msat(amount), paymentHash: paymentHash(hash), expiry: cltvExpiry(expiry) };
};

interface State {
  readonly name: string;
  readonly ids: readonly number[];
  readonly share: bigint;
  readonly feerate: number;
  readonly dust: number;
}
const STATES: readonly State[] = [
  { name: "no HTLCs", ids: [], share: 5_000_000_000n, feerate: 4_000, dust: 400 },
  { name: "no balance on the other side", ids: [], share: 8_000_000_000n, feerate: 4_000, dust: 400 },
  { name: "all HTLCs", ids: [0, 1, 2, 3, 4], share: 5_000_000_000n, feerate: 253, dust: 400 },
  { name: "some trimmed", ids: [0, 1, 2, 3, 4], share: 5_000_000_000n, feerate: 1_500, dust: 1_200 },
  { name: "two equal outputs told apart by expiry", ids: [2, 3], share: 1_000_000_000n, feerate: 500, dust: 600 },
  { name: "balances below dust", ids: [4], share: 7_979_600_000n, feerate: 300, dust: 546 },
];

function signatures(signer: Party, request: SigningRequest) {
  const answer = sign(signer.secrets, FRESH_MEMORY, request);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value.signatures;
}

function vectorCase(format: CommitmentFormat, state: State): unknown {
  const htlcs = state.ids.map(htlc);
  const pending = htlcs.reduce((sum, { amount }) => sum + amount, 0n);
  const rest = CAPACITY * 1000n - pending - state.share;
  const toRemote = rest < 0n ? 0n : rest;
  const spec: CommitmentSpec = {
    toLocal: msat(CAPACITY * 1000n - pending - toRemote),
    toRemote: msat(toRemote),
    htlcs,
    feerate: satPerKw(state.feerate),
  };
  const terms = commitmentTerms({
    format,
    fundingOutpoint: OUTPOINT,
    capacity: CAPACITY,
    opener: "local",
    local: { basepoints: owner.keys, dustLimit: sat(BigInt(state.dust)) },
    remote: { basepoints: other.keys, toSelfDelay: DELAY },
  });
  const point = owner.keys.commitmentPoint(NUMBER);
  const commitment = buildCommitment(
    terms,
    commitmentKeys({ entries: [] }, owner.keys, other.keys, point),
    NUMBER,
    spec,
  );
  const byRemote = signatures(other, remoteCommitmentRequest(terms, point, commitment));
  const byLocal = signatures(owner, localCommitmentRequest(terms, commitment));
  const witness = fundingWitness(
    { pubkey: owner.keys.fundingPubkey, signature: byLocal.signature },
    { pubkey: other.keys.fundingPubkey, signature: byRemote.signature },
    terms.funding.witnessScript,
  );
  return {
    name: state.name,
    to_local_msat: `${spec.toLocal}`,
    to_remote_msat: `${spec.toRemote}`,
    local_feerate_per_kw: state.feerate,
    local_dust_limit_satoshi: state.dust,
    htlc_ids_in_commitment: state.ids,
    remote_signature_der: toHex(encodeDer(byRemote.signature)),
    commit_tx: toHex(encodeTx(withWitness(commitment.tx, witness))),
    base_commitment_fee_sat: Number(commitmentFee(commitment.htlcs.length, spec.feerate, format)),
    actual_commitment_fee_sat: Number(commitment.fee),
    htlc_txs: commitment.htlcs.map((one, index) => {
      const both = {
        remote: present(byRemote.htlcSignatures[index], "one signature each"),
        local: ownSecondStage(one, point),
      };
      const secret = one.htlc.side === "received" ? preimage(preimageOf(Number(one.htlc.id))) : undefined;
      return {
        commit_output_index: one.vout,
        kind: one.htlc.side === "received" ? "htlc-success" : "htlc-timeout",
        htlc_id: Number(one.htlc.id),
        remote_htlc_signature_der: toHex(encodeDer(both.remote)),
        tx: toHex(encodeTx(withWitness(one.tx, secondStageWitness(both, secret, one.witnessScript, format)))),
      };
    }),
  };
}

function ownSecondStage({ tx, amount, witnessScript }: UntrimmedHtlc, point: Uint8Array): Uint8Array {
  const lock = scriptLock(witnessScript);
  const signed = signClaim(owner.secrets, { tx, index: 0, amount, lock, key: { tag: "htlc", point } });
  if (!signed.ok) throw new Error(signed.error.code);
  return signed.value;
}

function vectors(format: CommitmentFormat): unknown {
  const terms = { opener: owner.keys.paymentBasepoint, accepter: other.keys.paymentBasepoint };
  const mask = sha256(Uint8Array.from([...terms.opener, ...terms.accepter])).subarray(26);
  return {
    channel_type: format,
    common: {
      funding_tx_id: OUTPOINT.txid,
      funding_output_index: OUTPOINT.vout,
      funding_amount_satoshi: `${CAPACITY}`,
      commitment_number: Number(NUMBER),
      local_delay: DELAY,
      obscured_commitment_number_mask: BigInt(`0x${toHex(mask)}`).toString(16),
      local_payment_basepoint: toHex(owner.keys.paymentBasepoint),
      remote_payment_basepoint: toHex(other.keys.paymentBasepoint),
      local_htlc_basepoint: toHex(owner.keys.htlcBasepoint),
      remote_htlc_basepoint: toHex(other.keys.htlcBasepoint),
      local_funding_pubkey: toHex(owner.keys.fundingPubkey),
      remote_funding_pubkey: toHex(other.keys.fundingPubkey),
      remote_revocation_basepoint: toHex(other.keys.revocationBasepoint),
      local_delayed_payment_basepoint: toHex(owner.keys.delayedPaymentBasepoint),
      local_per_commitment_point: toHex(owner.keys.commitmentPoint(NUMBER)),
      local_funding_privkey: toHex(owner.secrets.funding),
      remote_funding_privkey: toHex(other.secrets.funding),
      local_payment_basepoint_secret: toHex(owner.secrets.paymentBasepoint),
      remote_payment_basepoint_secret: toHex(other.secrets.paymentBasepoint),
      remote_revocation_basepoint_secret: toHex(other.secrets.revocationBasepoint),
    },
    htlcs: HTLCS.map(({ side, amount, expiry }, id) => ({
      id,
      direction: side === "offered" ? "local->remote" : "remote->local",
      amount_msat: `${amount}`,
      cltv_expiry: expiry,
      payment_preimage: toHex(preimageOf(id === 3 ? 2 : id)),
    })),
    cases: STATES.map((state) => vectorCase(format, state)),
  };
}

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt03/commitment-static-remotekey.json", make: () => vectors("static_remotekey") },
  { path: "bolts/bolt03/commitment-anchors.json", make: () => vectors("anchors") },
];
