import { expect } from "chai";
import fc from "fast-check";
import { derivePublicKey } from "../../../channels/keys/derivation.ts";
import {
  FRESH_MEMORY,
  localCommitmentRequest,
  markRevoked,
  remoteCommitmentRequest,
  type SignerMemory,
  type SigningRequest,
} from "../../../channels/keys/signer.ts";
import { buildCommitment, type CommitmentSpec } from "../../../channels/tx/commitment.ts";
import { obscureNumber } from "../../../channels/tx/commitment-number.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { toLocalScript } from "../../../channels/tx/scripts.ts";
import { equalBytes } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { alice, bob, CAPACITY, keysOf, type Side, specs, termsOf } from "../tx/two-sides.ts";
import { alices, bobs, quiet, refusal, signed, simple } from "./requests.ts";

type Of<P extends SigningRequest["purpose"]> = Extract<SigningRequest, { readonly purpose: P }>;
const malformed = { code: "malformed_request" };
const THIEF = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(6));
const ALL = CAPACITY * 1000n;

/** Bob's, for Alice to sign. */
function theirs(number: bigint, spec?: CommitmentSpec, format?: CommitmentFormat): Of<"remote_commitment"> {
  const { request } = bobs(number, spec, format);
  if (request.purpose !== "remote_commitment") throw new Error("the peer's");
  return request;
}
/** Alice's own, in a channel that the other opened. */
function ours(number: bigint, spec = simple(5_000_000_000n), format: CommitmentFormat = "anchors", opener: Side = bob) {
  const terms = termsOf(alice, bob, opener, format);
  const commitment = buildCommitment(terms, keysOf(alice, bob, number), number, spec);
  const request = localCommitmentRequest(terms, commitment);
  if (request.purpose !== "local_commitment") throw new Error("our own");
  return { request, commitment, terms };
}
/** Our own commitment, asked for as if it were the peer's. */
function disguised(number: bigint, spec: CommitmentSpec, format: CommitmentFormat): SigningRequest {
  const { commitment, terms } = ours(number, spec, format);
  return remoteCommitmentRequest(terms, keysOf(alice, bob, number).perCommitmentPoint, commitment);
}
function revokedTo(memory: SignerMemory, number: bigint): SignerMemory {
  const marked = markRevoked(memory, number);
  if (!marked.ok) throw new Error(marked.error.code);
  return marked.value;
}
const FORMATS: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];
/** The smallest and the largest that whoever pays the fee can have, who is local here, with HTLCs and without. */
const EDGES: readonly CommitmentSpec[] = [
  quiet(1_000_000n),
  quiet(ALL),
  quiet(ALL / 2n),
  simple(1_100_000n),
  simple(ALL - 2_000_000n),
];
/** The same seen by the other side. */
const flipped = (spec: CommitmentSpec): CommitmentSpec => ({
  ...spec,
  toLocal: spec.toRemote,
  toRemote: spec.toLocal,
});

describe("the signer of the peer's commitments", () => {
  it("signs each that both sides agree on, whoever has how much", () => {
    fc.assert(
      fc.property(fc.oneof(specs, fc.constantFrom(...EDGES)), fc.constantFrom(...FORMATS), (spec, format) => {
        expect(refusal(FRESH_MEMORY, theirs(7n, flipped(spec), format))).to.equal(undefined);
      }),
      { seed: 6, numRuns: 60 },
    );
  });
  it("signs none of our own in its place: it may be revoked", () => {
    fc.assert(
      fc.property(fc.oneof(specs, fc.constantFrom(...EDGES)), fc.constantFrom(...FORMATS), (spec, format) => {
        expect(refusal(FRESH_MEMORY, disguised(7n, flipped(spec), format))).to.deep.equal(malformed);
      }),
      { seed: 7, numRuns: 60 },
    );
  });
  it("signs no second stage that pays to somebody else than the peer's own output", () => {
    const request = theirs(5n);
    const stolen = (change: (tx: Tx) => Tx): SigningRequest => ({
      ...request,
      htlcs: request.htlcs.map((htlc) => ({ ...htlc, tx: change(htlc.tx) })),
    });
    expect(refusal(FRESH_MEMORY, request)).to.equal(undefined);
    for (const outputs of [
      [],
      [{ amount: sat(900n), script: THIEF }],
      [...present(request.htlcs[0], "an HTLC").tx.outputs, { amount: sat(1n), script: THIEF }],
    ])
      expect(
        refusal(
          FRESH_MEMORY,
          stolen((tx) => ({ ...tx, outputs })),
        ),
      ).to.deep.equal(malformed);
    const { keys, terms } = bobs(5n);
    const foreign = derivePublicKey(alice.keys.fundingPubkey, keys.perCommitmentPoint);
    const script = toLocalScript(keys.revocationPubkey, foreign, terms.toSelfDelay);
    expect(refusal(FRESH_MEMORY, { ...request, toLocalScript: script })).to.deep.equal(malformed);
  });
  it("takes the peer's own output for no HTLC, beside which second stages could pay to anybody", () => {
    const { tx, txid, toLocalScript: own, htlcs, ...request } = theirs(5n);
    const { keys, terms } = bobs(5n);
    const foreign = derivePublicKey(alice.keys.fundingPubkey, keys.perCommitmentPoint);
    const thiefs = toLocalScript(foreign, foreign, terms.toSelfDelay);
    const vout = tx.outputs.findIndex(({ script }) => equalBytes(script, p2wshOf(own)));
    const { amount } = present(tx.outputs[vout], "the peer's own output");
    const first = present(htlcs[0], "an HTLC");
    const inputs = first.tx.inputs.map((input) => ({ ...input, prevout: { txid, vout } }));
    const taken = [...htlcs, { tx: { ...first.tx, inputs, locktime: 0 }, amount, witnessScript: own }].map((htlc) => ({
      ...htlc,
      tx: { ...htlc.tx, outputs: [{ amount: sat(900n), script: p2wshOf(thiefs) }] },
    }));
    const asked: SigningRequest = { ...request, tx, txid, toLocalScript: thiefs, htlcs: taken };
    expect(refusal(FRESH_MEMORY, asked)).to.deep.equal(malformed);
  });
  it("signs no second stage that could be published where we alone can claim, after the expiry", () => {
    const request = theirs(5n);
    const late = request.htlcs.map((htlc) => ({ ...htlc, tx: { ...htlc.tx, locktime: 600 } }));
    expect(refusal(FRESH_MEMORY, { ...request, htlcs: late })).to.deep.equal(malformed);
    expect(request.htlcs.map(({ tx }) => tx.locktime).sort()).to.deep.equal([0, 500]);
  });
  it("signs none with HTLCs and an output of which nothing is known", () => {
    const { tx, ...request } = theirs(5n);
    const more = { ...tx, outputs: [...tx.outputs, { amount: sat(1_000n), script: THIEF }] };
    expect(refusal(FRESH_MEMORY, { ...request, tx: more, txid: txidOf(more) })).to.deep.equal(malformed);
  });
});

describe("the signer of our own commitments", () => {
  it("signs each that both sides agree on, whoever opened the channel and has how much", () => {
    const openers = fc.constantFrom(alice, bob);
    fc.assert(
      fc.property(
        fc.oneof(specs, fc.constantFrom(...EDGES)),
        fc.constantFrom(...FORMATS),
        openers,
        (spec, format, opener) => {
          const fair = opener === alice ? spec : flipped(spec);
          expect(refusal(FRESH_MEMORY, ours(7n, fair, format, opener).request)).to.equal(undefined);
        },
      ),
      { seed: 8, numRuns: 60 },
    );
  });
  it("signs none of the peer's in its place, whose HTLCs are ours alone to claim", () => {
    const { funding, format, number, txid, tx, toLocalScript: script, htlcs } = theirs(5n);
    const scripts = { toLocalScript: script, htlcScripts: htlcs.map(({ witnessScript }) => witnessScript) };
    for (const shown of [scripts, { ...scripts, toLocalScript: ours(5n).request.toLocalScript }]) {
      const remotePaymentBasepoint = bob.keys.paymentBasepoint;
      const request = { funding, format, number, txid, tx, ...shown, remotePaymentBasepoint };
      expect(refusal(FRESH_MEMORY, { purpose: "local_commitment", ...request })).to.deep.equal(malformed);
    }
  });
  it("gives no signature under a second stage: those are claims", () => {
    expect(signed(FRESH_MEMORY, alices(5n)).signatures.htlcSignatures).to.deep.equal([]);
  });
  it("knows one that is revoked also where the first that it signed was made to hide the numbers otherwise", () => {
    const shift = 1n << 40n;
    const { tx, funding, ...first } = theirs(0n, quiet(5_000_000_000n));
    const { locktime, sequence } = obscureNumber(shift, bobs(0n).terms.obscuringFactor);
    const outpoint = { ...funding.outpoint, vout: 7 };
    const [input] = tx.inputs;
    const wrong = { ...tx, locktime, inputs: [{ ...present(input, "an input"), sequence, prevout: outpoint }] };
    const request = { ...first, tx: wrong, txid: txidOf(wrong), funding: { ...funding, outpoint } };
    const memory = revokedTo(signed(FRESH_MEMORY, request).memory, 7n);
    for (const spec of EDGES.map(flipped)) {
      const own = ours(2n, spec).request;
      expect(refusal(memory, { ...own, number: 2n + shift })).to.deep.equal(malformed);
      const later = ours(2n + shift, spec).request;
      const shown = { toLocalScript: later.toLocalScript, htlcScripts: later.htlcScripts };
      expect(refusal(memory, { ...own, number: 2n + shift, ...shown })).to.deep.equal(malformed);
    }
  });
});
