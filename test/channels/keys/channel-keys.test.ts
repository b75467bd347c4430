import { expect } from "chai";
import { channelKeys, channelSecrets } from "../../../channels/keys/channel-keys.ts";
import { commitmentKeys, keyCache } from "../../../channels/keys/commitment-keys.ts";
import { generateSecret, INDEX_MAX } from "../../../channels/keys/commitment-secrets.ts";
import { derivePublicKey, deriveRevocationPublicKey } from "../../../channels/keys/derivation.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { hash160 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";

const secrets = channelSecrets(new Uint8Array(32).fill(1));
const keys = channelKeys(secrets);
const other = channelKeys(channelSecrets(new Uint8Array(32).fill(2)));

describe("the keys of a channel", () => {
  it("come from the seed, six different ones, and are frozen: other labels would lose open channels", () => {
    expect(new Set(Object.values(secrets).map(toHex)).size).to.equal(6);
    expect(Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, toHex(secret)]))).to.deep.equal({
      funding: "09b3cba1d292d6faf54d6c53d0482e537db76db7c558515f8dd0d563fd6860c8",
      revocationBasepoint: "c0b1e6ff20655bfeb89476ab94dd0644f5afd2483bcb2be109dfcac5a3f04e0f",
      paymentBasepoint: "577f4fed5fb7a537e3bc233d4dbbe4ab8342b3a909e1a665d2bbb482e62f486a",
      delayedPaymentBasepoint: "d51098314dcf09518fba6d9e0cea986967d55026aa226a7dafa5000626d17e58",
      htlcBasepoint: "44b361b65fab791c5e65f29353a49c0ad7c40d59a8b30628f9368c371afbc642",
      commitmentSeed: "8197cb10aa2cd1fcea56ffaf6ccfc6a18d565a966fdd27989cdad79feb95e1f7",
    });
  });

  it("are the points of the secrets", () => {
    expect(keys.fundingPubkey).to.deep.equal(secp256k1.publicKey(secrets.funding));
    expect(keys.htlcBasepoint).to.deep.equal(secp256k1.publicKey(secrets.htlcBasepoint));
    expect(keys.paymentBasepoint).to.deep.equal(secp256k1.publicKey(secrets.paymentBasepoint));
    expect(keys.revocationBasepoint).to.deep.equal(secp256k1.publicKey(secrets.revocationBasepoint));
    expect(keys.delayedPaymentBasepoint).to.deep.equal(secp256k1.publicKey(secrets.delayedPaymentBasepoint));
  });

  it("give commitment n the secret of index 2^48 - 1 - n, and its point, in any order of asking", () => {
    for (const number of [0n, 1n, 2n, 1n, 41n, 40n, 0n, 1000n]) {
      const secret = generateSecret(secrets.commitmentSeed, INDEX_MAX - number);
      expect(keys.commitmentSecret(number)).to.deep.equal(secret);
      expect(keys.commitmentPoint(number)).to.deep.equal(secp256k1.publicKey(secret));
    }
  });
});

describe("the keys of a commitment", () => {
  const point = keys.commitmentPoint(5n);

  it("are the owner's tweaked by its point, but for the revocation and payment keys of the other side", () => {
    expect(commitmentKeys(keyCache(), keys, other, point)).to.deep.equal({
      perCommitmentPoint: point,
      revocationPubkey: deriveRevocationPublicKey(other.revocationBasepoint, point),
      revocationHash: hash160(deriveRevocationPublicKey(other.revocationBasepoint, point)),
      localDelayedPubkey: derivePublicKey(keys.delayedPaymentBasepoint, point),
      localHtlcPubkey: derivePublicKey(keys.htlcBasepoint, point),
      remoteHtlcPubkey: derivePublicKey(other.htlcBasepoint, point),
      remotePubkey: other.paymentBasepoint,
    });
  });

  it("are derived once for a point and kept for the last six", () => {
    const cache = keyCache();
    const first = commitmentKeys(cache, keys, other, point);
    expect(commitmentKeys(cache, { ...keys }, { ...other }, point.slice())).to.equal(first);
    for (let n = 10n; n < 16n; n++) commitmentKeys(cache, keys, other, keys.commitmentPoint(n));
    expect(cache.entries.length).to.equal(6);
    const again = commitmentKeys(cache, keys, other, point);
    expect(again).to.not.equal(first);
    expect(again).to.deep.equal(first);
  });

  it("derive those of HTLCs when they are asked for, and once", () => {
    const derived = commitmentKeys(keyCache(), keys, other, point);
    expect(derived.localHtlcPubkey).to.equal(derived.localHtlcPubkey);
    expect(derived.remoteHtlcPubkey).to.equal(derived.remoteHtlcPubkey);
    const withoutHtlcs = commitmentKeys(keyCache(), { ...keys, htlcBasepoint: new Uint8Array(33) }, other, point);
    expect(withoutHtlcs.revocationPubkey).to.deep.equal(derived.revocationPubkey);
    expect(() => withoutHtlcs.localHtlcPubkey, "no point").to.throw();
  });

  it("are never another owner's, though a peer sends our own point as its own", () => {
    const cache = keyCache();
    const ours = commitmentKeys(cache, keys, other, point);
    const theirs = commitmentKeys(cache, other, keys, point);
    expect(theirs.localHtlcPubkey).to.deep.equal(ours.remoteHtlcPubkey);
    expect(theirs.revocationPubkey).to.not.deep.equal(ours.revocationPubkey);
  });
});
