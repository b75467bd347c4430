import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { decodeTx, encodeTx, type Tx } from "../../src/bitcoin/tx.ts";
import { gatherDocuments, isStamped, stampScript } from "../../src/chain/notary.ts";
import { checkStandard } from "../../src/chain/standard.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { COIN, fakeOutpoint, output, spend } from "./builder.ts";

const document = (text: number): Uint8Array => sha256(Uint8Array.of(text));
const stamped = (root: Uint8Array): Tx =>
  spend([fakeOutpoint(1)], [output(COIN), { amount: 0n as never, script: stampScript(root) }]);

describe("The notary", () => {
  it("finds each of many documents under one root, and no other", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(19), fc.nat(255), (count, which, other) => {
        const hashes = Array.from({ length: count }, (_, at) => document(at));
        const { root, proofs } = gatherDocuments(hashes);
        const tx = stamped(root);
        const at = which % count;
        const proof = proofs[at] ?? expect.fail();
        expect(isStamped(document(at), proof, tx)).to.equal(true);
        if (other !== at) expect(isStamped(document(other), proof, tx)).to.equal(false);
        expect(isStamped(document(at), proof, stamped(document(99)))).to.equal(false);
      }),
    );
  });
  it("takes no inner node for a document, whatever branch comes with it", () => {
    const { root, proofs } = gatherDocuments([document(1), document(2), document(3), document(4)]);
    const [, sibling] = proofs[0]?.branch ?? [];
    expect(isStamped(root, { index: 0, branch: [] }, stamped(root))).to.equal(false);
    expect(isStamped(sibling ?? expect.fail(), { index: 0, branch: [] }, stamped(root))).to.equal(false);
  });
  it("refuses branches that could belong to nothing", () => {
    const { root } = gatherDocuments([document(1)]);
    const refused = (index: number, branch: readonly Uint8Array[]) =>
      isStamped(document(1), { index, branch }, stamped(root));
    expect([refused(1, []), refused(-1, []), refused(0.5, []), refused(0, [new Uint8Array(31)])]).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
    expect(
      refused(
        0,
        Array.from({ length: 33 }, () => new Uint8Array(32)),
      ),
    ).to.equal(false);
    expect(refused(0, [])).to.equal(true);
  });
  it("writes its root where every node relays it: in an output that nobody can spend", () => {
    const { root } = gatherDocuments([document(1)]);
    const tx = stamped(root);
    expect(checkStandard(tx)).to.equal(undefined);
    expect(decodeTx(encodeTx(tx))).to.deep.equal({ ok: true, value: tx });
    expect(toHex(stampScript(root))).to.equal(`6a28736c75696365313a${toHex(root)}`);
  });
});
