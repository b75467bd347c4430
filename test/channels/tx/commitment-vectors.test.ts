import { expect } from "chai";
import { signClaim } from "../../../channels/keys/claim-signer.ts";
import { FRESH_MEMORY, remoteCommitmentRequest, type Signatures, sign } from "../../../channels/keys/signer.ts";
import { verifyCommitment } from "../../../channels/keys/verify.ts";
import { buildCommitment, type Commitment, openerCanPay, untrimmedCount } from "../../../channels/tx/commitment.ts";
import { commitmentNumberOf } from "../../../channels/tx/commitment-number.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import type { CommitmentTerms } from "../../../channels/tx/terms.ts";
import { commitmentFee } from "../../../channels/tx/weights.ts";
import { fundingWitness, secondStageWitness, withWitness } from "../../../channels/tx/witnesses.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { encodeDer } from "../../../src/bitcoin/der.ts";
import { segwitSighash } from "../../../src/bitcoin/sighash.ts";
import { encodeTx } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { describeVectors } from "../../support/vectors.ts";
import {
  type CommitmentCase,
  type CommitmentVectors,
  vectorKeys,
  vectorNumber,
  vectorPoint,
  vectorPreimage,
  vectorSecrets,
  vectorSpec,
  vectorTerms,
} from "./vector-channel.ts";

const pubkeys = (vectors: CommitmentVectors) => ({
  local: fromHex(vectors.common.local_funding_pubkey),
  remote: fromHex(vectors.common.remote_funding_pubkey),
});

function signed(vectors: CommitmentVectors, one: CommitmentCase, format: CommitmentFormat) {
  const terms = vectorTerms(vectors, one, format);
  const keys = vectorKeys(vectors);
  const commitment = buildCommitment(terms, keys, vectorNumber(vectors), vectorSpec(vectors, one));
  const point = vectorPoint(vectors);
  const byRemote = sign(
    vectorSecrets(vectors, "remote"),
    FRESH_MEMORY,
    remoteCommitmentRequest(terms, point, commitment),
  );
  if (!byRemote.ok) throw new Error("the signer signs what the vectors sign");
  return { terms, keys, commitment, remote: byRemote.value.signatures, local: byLocal(vectors, terms, commitment) };
}

/** The vectors have no seed from which a signer could tell that it is its own commitment. */
function byLocal(vectors: CommitmentVectors, { funding }: CommitmentTerms, { tx, htlcs }: Commitment): Signatures {
  const secrets = vectorSecrets(vectors, "local");
  const key = { tag: "htlc", point: vectorPoint(vectors) } as const;
  return {
    signature: secp256k1.sign(segwitSighash(tx, 0, funding.witnessScript, funding.amount), secrets.funding),
    htlcSignatures: htlcs.map(({ tx: secondStage, amount, witnessScript }) => {
      const claim = { tx: secondStage, index: 0, amount, lock: scriptLock(witnessScript), key };
      const signature = signClaim(secrets, claim);
      if (!signature.ok) throw new Error(signature.error.code);
      return signature.value;
    }),
  };
}

function suite(format: CommitmentFormat, path: string): void {
  describeVectors<CommitmentVectors>(`BOLT 3 commitments, ${format}`, path, (vectors) => {
    for (const one of vectors.cases) {
      describe(one.name, () => {
        const channel = signed(vectors, one, format);
        const { terms, commitment, remote, local } = channel;

        it("gives the transaction of the vector, with both signatures, byte for byte", () => {
          const { local: localKey, remote: remoteKey } = pubkeys(vectors);
          const witness = fundingWitness(
            { pubkey: localKey, signature: local.signature },
            { pubkey: remoteKey, signature: remote.signature },
            terms.funding.witnessScript,
          );
          expect(toHex(encodeTx(withWitness(commitment.tx, witness)))).to.equal(one.commit_tx);
          expect(toHex(encodeDer(remote.signature))).to.equal(one.remote_signature_der);
        });

        it("gives every second-stage transaction of the vector, in order, byte for byte (CONFORMANCE 101)", () => {
          const txs = commitment.htlcs.map(({ htlc, vout, tx, witnessScript }, index) => {
            const signatures = {
              remote: present(remote.htlcSignatures[index], "remote signature"),
              local: present(local.htlcSignatures[index], "local signature"),
            };
            const preimage = htlc.side === "received" ? vectorPreimage(vectors, Number(htlc.id)) : undefined;
            return {
              htlc_id: Number(htlc.id),
              kind: htlc.side === "received" ? "htlc-success" : "htlc-timeout",
              commit_output_index: vout,
              remote_htlc_signature_der: toHex(encodeDer(signatures.remote)),
              tx: toHex(encodeTx(withWitness(tx, secondStageWitness(signatures, preimage, witnessScript, format)))),
            };
          });
          expect(txs).to.deep.equal(one.htlc_txs.map(({ local_htlc_signature_der: _, ...expected }) => expected));
        });

        it("accepts the remote signatures of the vector and reads back its number", () => {
          const key = pubkeys(vectors).remote;
          expect(verifyCommitment(terms, channel.keys, commitment, key, remote)).to.deep.equal({
            ok: true,
            value: undefined,
          });
          expect(commitmentNumberOf(commitment.tx, terms.obscuringFactor)).to.equal(vectorNumber(vectors));
        });

        const { base_commitment_fee_sat: asked, actual_commitment_fee_sat: paid } = one;
        if (asked === undefined || paid === undefined) return;
        it(`asks a fee of ${asked} sat and pays ${paid}`, () => {
          const spec = vectorSpec(vectors, one);
          expect(commitmentFee(untrimmedCount(spec, terms), spec.feerate, format)).to.equal(BigInt(asked));
          expect(commitment.fee).to.equal(BigInt(paid));
          expect(openerCanPay(spec, terms)).to.equal(BigInt(asked) * 1000n <= spec.toLocal);
        });
      });
    }
    it("obscures numbers by the factor of the vector", () => {
      const one = present(vectors.cases[0], "a case");
      expect(vectorTerms(vectors, one, format).obscuringFactor.toString(16)).to.equal(
        vectors.common.obscured_commitment_number_mask,
      );
    });
  });
}

suite("static_remotekey", "bolts/bolt03/commitment-static-remotekey.json");
suite("anchors", "bolts/bolt03/commitment-anchors.json");
