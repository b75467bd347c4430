import { expect } from "chai";
import type { PeersCommitment } from "../../../channels/keys/entitlement.ts";
import { type SignerMemory, type SigningRequest, sign } from "../../../channels/keys/signer.ts";
import { fundingScript } from "../../../channels/tx/funding-tx.ts";
import { lockScript } from "../../../channels/tx/lock.ts";
import { toRemoteLock } from "../../../channels/tx/scripts.ts";
import { signerMemoryOf } from "../../../channels/view.ts";
import { equalBytes } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { type Sat, sat, sumSat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { Name } from "../../support/channel-pair.ts";
import { into, out, spliceable, spliceBoth } from "../../support/splicing.ts";

type SpliceRequest = Extract<SigningRequest, { readonly purpose: "splice" }>;

/** A splice that both have signed, with an HTLC each way pending: what `a` has signed, and what it remembers. */
function spliced(change = out(50_000n), name: Name = "a") {
  const pair = spliceable();
  pair.offer("a", 50_000_000n);
  pair.offer("b", 40_000_000n);
  pair.settle();
  spliceBoth(pair, name, change);
  const { a } = pair.parties;
  const request = a.take("NeedSignatures").find((effect) => effect.request.purpose === "splice")?.request;
  const memory = signerMemoryOf(a.funded);
  const refusal = (changed: Partial<SpliceRequest> = {}, known: SignerMemory = memory) => {
    const signed = sign(a.secrets, known, { ...(request as SpliceRequest), ...changed });
    return signed.ok ? undefined : signed.error;
  };
  const toRemote = lockScript(toRemoteLock(a.signer.keys.paymentBasepoint, "anchors"));
  return { a, request: request as SpliceRequest, memory, refusal, toRemote };
}
/** What such a daemon has had signed before: another commitment over what the splice makes. */
function insteadOf(memory: SignerMemory, { after, before }: SpliceRequest["commitments"], tx: Tx) {
  const shown: PeersCommitment = { ...after, tx };
  const signed = memory.signed.map((one) => (one.txid === txidOf(after.tx) ? { ...one, txid: txidOf(tx) } : one));
  return { commitments: { before, after: shown }, known: { ...memory, signed } };
}

describe("the signer of a channel that is spliced", () => {
  it("signs what goes out, what comes in, and what the peer does, with HTLCs pending", () => {
    for (const { refusal, request } of [spliced(), spliced(into(200_000n)), spliced(out(50_000n, "b"), "b")]) {
      expect(refusal()).to.equal(undefined);
      expect(request.commitments.before.tx.outputs.length).to.equal(6);
    }
  });
  it("signs when a commitment over what the splice makes is signed, and the funding output alone", () => {
    const { memory, request, refusal } = spliced(into(200_000n));
    const only = memory.signed.filter(({ funding }) => funding.txid !== request.txid);
    expect(refusal({}, { ...memory, signed: only })).to.deep.equal({ code: "splice_unsigned" });
    const coin = request.index === 0 ? 1 : 0;
    expect(refusal({ index: coin })).to.deep.equal({ code: "malformed_request" });
    const { before, after } = request.commitments;
    for (const commitments of [
      { before: after, after },
      { before: { ...before, toLocalScript: new Uint8Array(3) }, after },
    ])
      expect(refusal({ commitments })).to.deep.equal({ code: "malformed_request" });
  });
  it("signs none when a commitment of ours, or a mutual close, may be published", () => {
    const { memory, refusal } = spliced();
    expect(refusal({}, { ...memory, broadcastFrom: 3n })?.code).to.equal("own_commitment_broadcast");
  });
  it("signs none whose new output holds another amount, stands elsewhere, or needs no key of ours", () => {
    const { a, request, refusal } = spliced();
    const { next } = request;
    const keys = a.signer.keys;
    const theirs = fundingScript(keys.htlcBasepoint, keys.paymentBasepoint);
    for (const wrong of [
      { ...next, amount: sat(next.amount + 1n) },
      { ...next, outpoint: { ...next.outpoint, vout: next.outpoint.vout === 0 ? 1 : 0 } },
      { ...next, outpoint: { ...next.outpoint, vout: 9 } },
      { ...next, outpoint: request.funding.outpoint },
      { ...next, witnessScript: theirs },
      { ...next, witnessScript: fundingScript(keys.fundingPubkey, keys.htlcBasepoint) },
    ])
      expect(refusal({ next: wrong })).to.deep.equal({ code: "malformed_request" });
  });
  for (const [what, change] of [
    ["out", out(50_000n)],
    ["in", into(200_000n)],
  ] as const)
    it(`signs none that leaves us a satoshi less than before and what we put ${what}`, () => {
      const { request, refusal, memory, toRemote } = spliced(change);
      const { share, commitments } = request;
      const more = { ...share, contribution: share.contribution + 1n };
      const paid = present(
        commitments.after.tx.outputs.find(({ script }) => equalBytes(script, toRemote)),
        "what is ours after it",
      ).amount;
      expect(refusal({ share: more })).to.deep.equal({ code: "splice_pays_less", due: paid + 1n, paid });
      const worse = (amount: Sat): Tx => ({
        ...commitments.after.tx,
        outputs: commitments.after.tx.outputs.map((one) =>
          equalBytes(one.script, toRemote) ? { ...one, amount } : one,
        ),
      });
      const { known, ...asked } = insteadOf(memory, commitments, worse(sat(paid - 1n)));
      expect(refusal(asked, known)).to.deep.equal({ code: "splice_pays_less", due: paid, paid: paid - 1n });
    });
  it("signs none whose new output holds less than the commitment over it pays", () => {
    const { request, refusal, memory } = spliced();
    const { commitments, tx, next } = request;
    const { vout } = next.outpoint;
    const paid = sumSat(commitments.after.tx.outputs.map(({ amount }) => amount));
    const holding = (amount: Sat) => {
      const thiefs = { amount: sat(next.amount - amount), script: new Uint8Array(22) };
      const outputs = [...tx.outputs.map((output, at) => (at === vout ? { ...output, amount } : output)), thiefs];
      const made = { ...tx, outputs };
      const txid = txidOf(made);
      const outpoint = { txid, vout };
      const signed = memory.signed.map((one) =>
        one.funding.txid === request.txid ? { ...one, funding: outpoint } : one,
      );
      return refusal({ tx: made, txid, next: { ...next, amount, outpoint } }, { ...memory, signed });
    };
    expect([holding(paid), holding(sat(paid - 1n))]).to.deep.equal([undefined, { code: "malformed_request" }]);
  });
  it("lets go what is left out of the new commitment as dust, and no more", () => {
    const { request, refusal, memory, toRemote } = spliced();
    const { share, commitments } = request;
    const outputs = commitments.after.tx.outputs.filter(({ script }) => !equalBytes(script, toRemote));
    const { known, ...asked } = insteadOf(memory, commitments, { ...commitments.after.tx, outputs });
    const before = present(
      commitments.before.tx.outputs.find(({ script }) => equalBytes(script, toRemote)),
      "what is ours before it",
    ).amount;
    const left = (due: bigint) => refusal({ ...asked, share: { ...share, contribution: due - before } }, known)?.code;
    expect([left(10_001n), left(10_000n)]).to.deep.equal(["splice_pays_less", "splice_output_missing"]);
  });
  it("signs none that carries HTLCs over otherwise than they are", () => {
    const { request, refusal, memory, toRemote } = spliced();
    const { commitments } = request;
    const { outputs } = commitments.after.tx;
    const at = outputs.findIndex(({ amount }) => amount === 50_000n);
    const other = outputs.map((one, index) => (index === at ? { ...one, script: toRemote } : one));
    for (const made of [outputs.filter((_, index) => index !== at), other]) {
      const { known, ...asked } = insteadOf(memory, commitments, { ...commitments.after.tx, outputs: made });
      expect(refusal(asked, known)).to.deep.equal({ code: "splice_changes_htlcs" });
    }
  });
  it("signs none that pays what we take to nobody, or more of it to miners than any channel does", () => {
    const { request, refusal } = spliced();
    const { share } = request;
    const taken = (by: bigint) => ({ ...share, contribution: share.contribution - by });
    expect(refusal({ share: taken(1n) })).to.deep.equal({ code: "splice_output_missing", due: 50_001n, paid: 50_000n });
    expect(refusal({ share: { ...share, coins: sat(1n) } })?.code).to.equal("splice_output_missing");
    const dear = { ...taken(500_000n), fee: sat(share.fee + 500_000n) };
    const refused = refusal({ share: dear });
    if (refused?.code !== "fee_too_high") throw new Error(refused?.code);
    expect([refused.fee, refused.most > 100_000n && refused.most < 300_000n]).to.deep.equal([dear.fee, true]);
  });
});
