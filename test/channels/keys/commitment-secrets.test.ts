import { expect } from "chai";
import fc from "fast-check";
import {
  EMPTY_SECRETS,
  findSecret,
  generateSecret,
  INDEX_MAX,
  insertSecret,
  type SecretStore,
  secretIndex,
  secretSequence,
  secretStore,
} from "../../../channels/keys/commitment-secrets.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { decode, encode } from "../../../src/codec/codec.ts";
import { describeVectors } from "../../support/vectors.ts";

interface SecretVectors {
  readonly generate: readonly {
    readonly name: string;
    readonly seed: string;
    readonly index: string;
    readonly secret: string;
  }[];
  readonly insert: readonly {
    readonly name: string;
    readonly steps: readonly { readonly index: string; readonly secret: string; readonly accept: boolean }[];
  }[];
}

const SEED = new Uint8Array(32).fill(7);

function filled(count: number): SecretStore {
  const secretAt = secretSequence(SEED);
  let store = EMPTY_SECRETS;
  for (let i = 0n; i < BigInt(count); i++) {
    const inserted = insertSecret(store, INDEX_MAX - i, secretAt(INDEX_MAX - i));
    if (!inserted.ok) throw new Error(inserted.error.code);
    store = inserted.value;
  }
  return store;
}

describeVectors<SecretVectors>(
  "BOLT 3 §Per-commitment Secret Requirements",
  "bolts/bolt03/per-commitment-secrets.json",
  (vectors) => {
    for (const { name, seed, index, secret } of vectors.generate) {
      it(`${name}`, () => {
        expect(toHex(generateSecret(fromHex(seed), BigInt(index)))).to.equal(secret);
        expect(toHex(secretSequence(fromHex(seed))(BigInt(index)))).to.equal(secret);
      });
    }
    for (const { name, steps } of vectors.insert) {
      it(name, () => {
        let store = EMPTY_SECRETS;
        const accepted = steps.map((step) => {
          const inserted = insertSecret(store, BigInt(step.index), fromHex(step.secret));
          if (inserted.ok) store = inserted.value;
          else expect(inserted.error).to.deep.equal({ code: "secret_not_in_chain" });
          return inserted.ok;
        });
        expect(accepted).to.deep.equal(steps.map((step) => step.accept));
      });
    }
  },
);

describe("BOLT 3 §Efficient Per-commitment Secret Storage", () => {
  it("numbers commitments from 2^48 - 1 downwards (CONFORMANCE 104)", () => {
    expect([0n, 1n, INDEX_MAX].map(secretIndex)).to.deep.equal([INDEX_MAX, INDEX_MAX - 1n, 0n]);
    expect(() => secretIndex(INDEX_MAX + 1n)).to.throw("48 bits");
  });

  it("finds every secret that was revealed and none that was not", () => {
    const store = filled(300);
    for (let i = 0n; i < 300n; i++) {
      expect(findSecret(store, INDEX_MAX - i)).to.deep.equal(generateSecret(SEED, INDEX_MAX - i));
    }
    expect(findSecret(store, INDEX_MAX - 300n)).to.equal(undefined);
    expect(findSecret(store, INDEX_MAX + 1n)).to.equal(undefined);
    expect(findSecret(EMPTY_SECRETS, INDEX_MAX)).to.equal(undefined);
  });

  it("keeps one entry a bit: 9 for 300 secrets", () => {
    expect(filled(300).entries.length).to.equal(9);
  });

  it("refuses a secret that comes twice or too early", () => {
    const store = filled(3);
    const expected = INDEX_MAX - 3n;
    for (const index of [INDEX_MAX - 2n, INDEX_MAX - 4n]) {
      expect(insertSecret(store, index, generateSecret(SEED, index))).to.deep.equal({
        ok: false,
        error: { code: "secret_out_of_turn", expected },
      });
    }
  });

  it("refuses a wrong secret wherever the older ones can tell", () => {
    const store = filled(7);
    const index = INDEX_MAX - 7n;
    const wrong = generateSecret(SEED, index);
    wrong[31] = (wrong[31] as number) ^ 1;
    expect(insertSecret(store, index, wrong)).to.deep.equal({ ok: false, error: { code: "secret_not_in_chain" } });
  });

  it("comes back from its bytes, for any number of secrets", () => {
    for (const count of [0, 1, 2, 3, 8, 300]) {
      const store = filled(count);
      expect(decode(secretStore, encode(secretStore, store))).to.deep.equal({ ok: true, value: store });
    }
  });

  it("refuses bytes whose entries stand in the wrong buckets", () => {
    const bytes = encode(secretStore, filled(4));
    bytes[8] = (bytes[8] as number) ^ 1;
    const decoded = decode(secretStore, bytes);
    expect(decoded.ok).to.equal(false);
  });

  it("gives by its cached path what the plain derivation gives, in any order", () => {
    const index = fc.bigInt({ min: 0n, max: INDEX_MAX });
    fc.assert(
      fc.property(fc.array(index, { minLength: 1, maxLength: 8 }), (indexes) => {
        const secretAt = secretSequence(SEED);
        for (const i of indexes) expect(secretAt(i)).to.deep.equal(generateSecret(SEED, i));
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});
