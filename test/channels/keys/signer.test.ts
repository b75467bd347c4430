import { expect } from "chai";
import fc from "fast-check";
import { FUNDINGS_MAX } from "../../../channels/keys/judgement.ts";
import {
  closingRequest,
  FRESH_MEMORY,
  markRevoked,
  remoteCommitmentRequest,
  type SigningRequest,
  signerMemory,
  spliceRequest,
} from "../../../channels/keys/signer.ts";
import { verifyCommitment } from "../../../channels/keys/verify.ts";
import { buildCommitment } from "../../../channels/tx/commitment.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { fundingScript } from "../../../channels/tx/funding-tx.ts";
import { txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { alice, bob, OUTPOINT, specs } from "../tx/two-sides.ts";
import { alices, bobs, refusal, signed, simple } from "./requests.ts";

describe("the signer", () => {
  it("signs what the peer accepts: commitment and every HTLC, for any state and both formats", () => {
    const formats: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];
    fc.assert(
      fc.property(specs, fc.constantFrom(...formats), (spec, format) => {
        const flipped = { ...spec, toLocal: spec.toRemote, toRemote: spec.toLocal };
        const { terms, keys, commitment, request } = bobs(7n, flipped, format);
        const { signatures } = signed(FRESH_MEMORY, request);
        const verdict = verifyCommitment(terms, keys, commitment, alice.keys.fundingPubkey, signatures);
        expect(verdict).to.deep.equal({ ok: true, value: undefined });
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  it("signs the same commitment again with the same bytes", () => {
    const { request } = bobs(1n);
    const first = signed(FRESH_MEMORY, request);
    expect(signed(first.memory, request)).to.deep.equal(first);
  });

  it("refuses another transaction of the same number", () => {
    const { memory } = signed(FRESH_MEMORY, bobs(1n).request);
    expect(refusal(memory, bobs(1n, simple(4_000_000_000n)).request)).to.deep.equal({
      code: "number_signed_before",
      number: 1n,
      txid: bobs(1n).commitment.txid,
    });
  });

  it("refuses an older number, also one that it never signed", () => {
    const { memory } = signed(FRESH_MEMORY, bobs(5n).request);
    for (const number of [0n, 4n]) {
      expect(refusal(memory, bobs(number).request)).to.deep.equal({ code: "number_went_back", newest: 5n });
    }
    expect(signed(memory, bobs(6n).request).memory.signed.map(({ number }) => number)).to.deep.equal([6n]);
  });

  it("counts each funding output for itself", () => {
    const { memory } = signed(FRESH_MEMORY, bobs(5n).request);
    const { terms, keys } = bobs(5n);
    const other = { ...terms, funding: { ...terms.funding, outpoint: { txid: OUTPOINT.txid, vout: 0 } } };
    const commitment = buildCommitment(other, keys, 5n, simple(3_000_000_000n));
    const after = signed(memory, remoteCommitmentRequest(other, keys.perCommitmentPoint, commitment)).memory;
    expect(after.signed.map(({ funding, number }) => [funding.vout, number])).to.deep.equal([
      [1, 5n],
      [0, 5n],
    ]);
  });

  it("never signs an own commitment that is revoked", () => {
    const revoked = markRevoked(FRESH_MEMORY, 3n);
    if (!revoked.ok) throw new Error(revoked.error.code);
    expect(refusal(revoked.value, alices(3n))).to.deep.equal({ code: "own_commitment_revoked", revokedBelow: 4n });
    expect(signed(revoked.value, alices(4n)).memory.broadcastFrom).to.equal(4n);
  });

  it("never signs one that is revoked under another name either", () => {
    const { memory } = signed(FRESH_MEMORY, bobs(3n).request);
    const revoked = markRevoked(memory, 3n);
    const [was] = [alices(3n), bobs(3n)];
    if (!revoked.ok || was.purpose !== "local_commitment") throw new Error("an own commitment that is revoked");
    const { funding, txid: id, tx } = was;
    const [output] = tx.outputs;
    const share = { balance: sat(0n), fee: sat(0n), script: present(output, "an output").script, dustLimit: sat(0n) };
    const commitments = { before: bobs(3n).shown, after: bobs(3n).shown };
    const splice = { next: funding, commitments, share: { contribution: 0n, coins: sat(0n), fee: sat(0n) } };
    for (const request of [
      { ...was, number: 4n },
      closingRequest({ funding, format: "anchors", tx, commitment: bobs(3n).shown, share }),
      spliceRequest({ ...splice, funding, format: "anchors", tx }, id, 0),
    ] as readonly SigningRequest[])
      expect(refusal(revoked.value, request)).to.deep.equal({ code: "malformed_request" });
    const plain = { ...bobs(4n).request, tx: { ...tx, locktime: 0 } };
    expect(refusal(memory, { ...plain, txid: txidOf(plain.tx) })).to.deep.equal({ code: "malformed_request" });
  });

  it("never lets a secret go whose commitment it signed for broadcast", () => {
    const { memory } = signed(FRESH_MEMORY, alices(4n));
    expect(markRevoked(memory, 4n)).to.deep.equal({
      ok: false,
      error: { code: "own_commitment_broadcast", broadcastFrom: 4n },
    });
    expect(markRevoked(memory, 3n)).to.deep.equal({ ok: true, value: { ...memory, revokedBelow: 4n } });
  });

  it("does not forget by being told of an older revocation", () => {
    const memory = { ...FRESH_MEMORY, revokedBelow: 9n };
    expect(markRevoked(memory, 2n)).to.deep.equal({ ok: true, value: memory });
  });

  it("refuses a transaction that is not the one named or spends something else", () => {
    const { request } = bobs(1n);
    const [input] = request.tx.inputs;
    if (input === undefined) throw new Error("a commitment has an input");
    const elsewhere = { ...input, prevout: { txid: txid(new Uint8Array(32)), vout: 1 } };
    const malformed: readonly SigningRequest[] = [
      { ...request, txid: txid(new Uint8Array(32)) },
      { ...request, tx: { ...request.tx, inputs: [elsewhere] } },
      { ...request, tx: { ...request.tx, inputs: [input, elsewhere] } },
      { ...request, tx: { ...request.tx, inputs: [] } },
    ];
    for (const one of malformed) expect(refusal(FRESH_MEMORY, one)).to.deep.equal({ code: "malformed_request" });
  });

  it("refuses second stages of anything but the commitment", () => {
    const { request } = bobs(1n);
    if (request.purpose !== "remote_commitment") throw new Error("a commitment of the peer");
    const [first, ...others] = request.htlcs;
    if (first === undefined) throw new Error("an HTLC with an output");
    const input = present(first.tx.inputs[0], "a second stage has an input");
    const elsewhere = { ...input, prevout: { txid: txid(new Uint8Array(32)), vout: input.prevout.vout } };
    const beside = { ...input, prevout: { ...input.prevout, vout: 99 } };
    for (const wrong of [
      { ...first, amount: sat(first.amount + 1n) },
      { ...first, witnessScript: first.witnessScript.slice(1) },
      { ...first, tx: { ...first.tx, inputs: [elsewhere] } },
      { ...first, tx: { ...first.tx, inputs: [beside] } },
      { ...first, tx: { ...first.tx, inputs: [input, elsewhere] } },
    ])
      expect(refusal(FRESH_MEMORY, { ...request, htlcs: [wrong, ...others] })).to.deep.equal({
        code: "malformed_request",
      });
    expect(refusal(FRESH_MEMORY, request)).to.equal(undefined);
  });

  it("RELIABILITY U11: signs for so many fundings of one channel, and for those again, however often a peer gives up", () => {
    const { request } = bobs(0n);
    const before = signed(FRESH_MEMORY, request).memory;
    const [one] = before.signed;
    if (one === undefined) throw new Error("signed");
    const others = Array.from({ length: FUNDINGS_MAX }, (_, vout) => ({
      ...one,
      funding: { ...one.funding, vout: one.funding.vout + 1 + vout },
    }));
    const full = { ...before, signed: others };
    expect(refusal(full, request)).to.deep.equal({ code: "too_many_fundings", maximum: FUNDINGS_MAX });
    expect(refusal({ ...before, signed: [one, ...others.slice(1)] }, request)).to.equal(undefined);
  });
  it("starts from what is durable", () => {
    const signedBefore = [{ funding: OUTPOINT, number: 8n, txid: bobs(8n).commitment.txid }];
    const durable = { signed: signedBefore, localNumber: 6n, obscuringFactor: bobs(8n).terms.obscuringFactor };
    const memory = signerMemory({ ...durable, broadcast: false });
    expect(refusal(memory, bobs(8n, simple(1_000_000_000n)).request)?.code).to.equal("number_signed_before");
    expect(refusal(memory, alices(5n))?.code).to.equal("own_commitment_revoked");
    expect(refusal(memory, alices(6n))).to.equal(undefined);
    expect(markRevoked(signerMemory({ ...durable, broadcast: true }), 6n).ok).to.equal(false);
  });
  it("signs nothing over an output that needs another key than ours, and nothing that moves once the channel may end", () => {
    const { request } = bobs(1n);
    const stranger = fundingScript(bob.keys.fundingPubkey, bob.keys.htlcBasepoint);
    for (const witnessScript of [stranger, stranger.subarray(0, 40), new Uint8Array(0)])
      expect(refusal(FRESH_MEMORY, { ...request, funding: { ...request.funding, witnessScript } })).to.deep.equal({
        code: "malformed_request",
      });
    const { memory } = signed(signed(FRESH_MEMORY, request).memory, alices(4n));
    expect(refusal(memory, request)).to.equal(undefined);
    expect(refusal(memory, bobs(2n).request)).to.deep.equal({ code: "own_commitment_broadcast", broadcastFrom: 4n });
  });
});

describe("BOLT 2 §Committing Updates So Far: commitment_signed: receiving node", () => {
  const { terms, keys, commitment, request } = bobs(2n);
  const { signatures } = signed(FRESH_MEMORY, request);
  const verdict = (changed: Partial<typeof signatures>, key = alice.keys.fundingPubkey) =>
    verifyCommitment(terms, keys, commitment, key, { ...signatures, ...changed });
  const [first, second] = signatures.htlcSignatures as [Uint8Array, Uint8Array];
  const bad = first.map((byte, at) => (at === 40 ? byte ^ 1 : byte));

  it("accepts the signatures as they are", () => {
    expect(verdict({})).to.deep.equal({ ok: true, value: undefined });
  });
  it("refuses a wrong commitment signature or another key's", () => {
    const error = { code: "bad_commitment_signature" };
    expect(verdict({ signature: bad })).to.deep.equal({ ok: false, error });
    expect(verdict({}, bob.keys.fundingPubkey)).to.deep.equal({ ok: false, error });
    expect(verdict({ signature: new Uint8Array(64) })).to.deep.equal({ ok: false, error });
  });
  it("refuses more or fewer HTLC signatures than HTLC outputs", () => {
    const error = { code: "wrong_htlc_signature_count", expected: 2, received: 1 };
    expect(verdict({ htlcSignatures: [first] })).to.deep.equal({ ok: false, error });
    expect(verdict({ htlcSignatures: [first, second, second] })).to.deep.equal({
      ok: false,
      error: { ...error, received: 3 },
    });
  });
  it("refuses a wrong HTLC signature and says which", () => {
    const error = { code: "bad_htlc_signature", index: 1 };
    expect(verdict({ htlcSignatures: [first, bad] })).to.deep.equal({ ok: false, error });
    expect(verdict({ htlcSignatures: [second, first] })).to.deep.equal({ ok: false, error: { ...error, index: 0 } });
  });
  it("refuses high-S, which the network would not relay", () => {
    const highS = signatures.signature.slice();
    highS.set(secp256k1.negateSecret(signatures.signature.subarray(32)), 32);
    expect(verdict({ signature: highS })).to.deep.equal({ ok: false, error: { code: "bad_commitment_signature" } });
  });
});
