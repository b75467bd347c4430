import { expect } from "chai";
import {
  derivePublicKey,
  deriveRevocationPublicKey,
  deriveRevocationSecret,
  deriveSecret,
} from "../../../channels/keys/derivation.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { describeVectors } from "../../support/vectors.ts";

interface DerivationVectors {
  readonly base_secret: string;
  readonly per_commitment_secret: string;
  readonly base_point: string;
  readonly per_commitment_point: string;
  readonly expected: Readonly<Record<"pubkey" | "privkey" | "revocation_pubkey" | "revocation_privkey", string>>;
}

describeVectors<DerivationVectors>("BOLT 3 §Key Derivation", "bolts/bolt03/key-derivation.json", (vectors) => {
  const point = fromHex(vectors.per_commitment_point);
  const base = fromHex(vectors.base_point);
  it("derives the public key of a basepoint", () => {
    expect(toHex(derivePublicKey(base, point))).to.equal(vectors.expected.pubkey);
  });
  it("derives its secret", () => {
    expect(toHex(deriveSecret(fromHex(vectors.base_secret), base, point))).to.equal(vectors.expected.privkey);
  });
  it("derives the revocation key that nobody can sign with yet", () => {
    expect(toHex(deriveRevocationPublicKey(base, point))).to.equal(vectors.expected.revocation_pubkey);
  });
  it("derives the revocation secret once the per-commitment secret is known", () => {
    const secret = deriveRevocationSecret(fromHex(vectors.base_secret), fromHex(vectors.per_commitment_secret));
    expect(toHex(secret)).to.equal(vectors.expected.revocation_privkey);
  });
  it("throws on a point that was not checked", () => {
    expect(() => derivePublicKey(new Uint8Array(33), point)).to.throw("checked keys can be derived from");
    expect(() => deriveRevocationPublicKey(base, new Uint8Array(33))).to.throw("checked keys");
  });
});
