import { expect } from "chai";
import type { ClosingShare } from "../../../channels/keys/close-judgement.ts";
import { closingRequest, FRESH_MEMORY, markRevoked } from "../../../channels/keys/signer.ts";
import { verifyFundingSignature } from "../../../channels/keys/verify.ts";
import { buildClosing } from "../../../channels/tx/closing-tx.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { alice, bob, CAPACITY, termsOf } from "../tx/two-sides.ts";
import { bobs, quiet, refusal, signed, simple } from "./requests.ts";

describe("the signer, asked for a mutual close", () => {
  const { funding } = termsOf(alice, bob, alice, "anchors");
  const to = (byte: number) => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(byte));
  const side = (byte: number, mine = CAPACITY / 2n) => ({ balance: msat(mine * 1000n), script: to(byte) });
  const terms = { funding, opener: "local", local: side(1), remote: side(2) } as const;
  const share: ClosingShare = { balance: sat(CAPACITY / 2n), fee: sat(500n), script: to(1), dustLimit: sat(354n) };
  const tx = buildClosing(terms, sat(500n), "both");
  /** Half for each, as the newest commitment has it; Alice has opened, and pays for that. */
  const half = bobs(1n, quiet((CAPACITY / 2n) * 1000n));
  const { memory } = signed(FRESH_MEMORY, half.request);
  const asked = (made: Tx, changed: Partial<ClosingShare> = {}, of = half) =>
    closingRequest({ funding, format: "anchors", tx: made, commitment: of.shown, share: { ...share, ...changed } });

  it("signs it with the funding key, and remembers that the channel ends as it is", () => {
    const { signatures, memory: after } = signed(memory, asked(tx));
    expect(verifyFundingSignature(funding, tx, alice.keys.fundingPubkey, signatures.signature)).to.equal(true);
    expect(signatures.htlcSignatures).to.deep.equal([]);
    expect(after).to.deep.equal({ ...memory, broadcastFrom: 0n });
    expect(signed(after, asked(tx)).signatures).to.deep.equal(signatures);
    const ended = { code: "own_commitment_broadcast", broadcastFrom: 0n };
    expect(refusal(after, bobs(2n, quiet(1_000_000_000n)).request)).to.deep.equal(ended);
    expect(markRevoked(after, 0n)).to.deep.equal({ ok: false, error: ended });
  });
  it("refuses one that leaves out what is ours, pays less of it, or pays it elsewhere", () => {
    const due = sat(CAPACITY / 2n - 500n);
    const refused = (made: Tx) => refusal(memory, asked(made));
    // The other half of the money is the peer's at most: what is missing there is given away.
    expect(refused(buildClosing(terms, sat(500n), "remote"))).to.deep.equal({
      code: "closing_pays_less",
      due,
      paid: 0n,
    });
    expect(refused(buildClosing(terms, sat(501n), "both"))).to.deep.equal({
      code: "closing_pays_less",
      due,
      paid: due - 1n,
    });
    const elsewhere = { ...terms, local: { ...terms.local, script: to(3) } };
    expect(refused(buildClosing(elsewhere, sat(500n), "both"))?.code).to.equal("closing_gives_away");
  });
  it("refuses one that gives the peer more, or us less, than the newest commitment does, whatever is said to be ours", () => {
    const ours = present(
      half.commitment.outputs.find(({ role }) => role.tag === "to_remote"),
      "an output of ours",
    ).amount;
    const divided = (mine: bigint) => {
      const close = buildClosing(
        { ...terms, local: side(1, mine), remote: side(2, CAPACITY - mine) },
        sat(500n),
        "both",
      );
      return refusal(memory, asked(close, { balance: sat(mine) }));
    };
    expect(divided(ours)).to.equal(undefined);
    expect(divided(ours - 1n)).to.deep.equal({
      code: "closing_gives_away",
      most: CAPACITY - ours,
      given: CAPACITY - ours + 1n,
    });
    const [theirs] = tx.outputs.filter(({ script }) => script[2] === 2);
    const burnt: Tx = { ...tx, outputs: theirs === undefined ? [] : [theirs] };
    expect(refusal(memory, asked(burnt, { balance: sat(0n), fee: sat(0n) }))).to.deep.equal({
      code: "closing_pays_less",
      due: ours,
      paid: 0n,
    });
  });
  it("refuses one for which miners would get more of ours than any channel offers", () => {
    const fee = sat(200_000n);
    const made = buildClosing(terms, fee, "both");
    const refused = refusal(memory, asked(made, { fee }));
    if (refused?.code !== "fee_too_high") throw new Error(refused?.code);
    expect([refused.fee, refused.most > 100_000n && refused.most < 200_000n]).to.deep.equal([fee, true]);
    expect(refusal(memory, asked(buildClosing(terms, sat(100_000n), "both"), { fee: sat(100_000n) }))).to.equal(
      undefined,
    );
  });
  it("refuses one beside a commitment that is not the newest, or holds HTLCs, also one that is shown as the peer's own", () => {
    const malformed = { code: "malformed_request" };
    expect(refusal(FRESH_MEMORY, asked(tx))).to.deep.equal(malformed);
    expect(refusal(memory, asked(tx, {}, bobs(0n, quiet(1_000_000_000n))))).to.deep.equal(malformed);
    const pending = bobs(2n, simple((CAPACITY / 2n) * 1000n));
    const { memory: with_ } = signed(memory, pending.request);
    expect(refusal(with_, asked(tx, {}, pending))).to.deep.equal({ code: "closing_with_htlcs" });
    if (pending.request.purpose !== "remote_commitment") throw new Error("a commitment");
    const [htlc] = pending.request.htlcs;
    const shown = { ...pending.shown, toLocalScript: present(htlc, "an HTLC").witnessScript };
    expect(refusal(with_, asked(tx, {}, { ...pending, shown }))).to.deep.equal(malformed);
  });
  it("lets go what is dust, and takes nothing for dust that is worth something", () => {
    // Too little to stand in the peer's commitment.
    const poor = bobs(1n, quiet(CAPACITY * 1000n - 1_000_000n));
    const { memory: known } = signed(FRESH_MEMORY, poor.request);
    const without = buildClosing(terms, sat(500n), "remote");
    const left = (balance: bigint, dustLimit: bigint) =>
      refusal(known, asked(without, { balance: sat(balance), dustLimit: sat(dustLimit) }, poor))?.code;
    expect([left(853n, 354n), left(854n, 354n), left(400n, 354n), left(2_000n, 100_000n)]).to.deep.equal([
      undefined,
      "closing_pays_less",
      undefined,
      "closing_pays_less",
    ]);
  });
});
