"use strict";
/**
 * Stands in for `secp256k1` 4 under `bolt11` (package.json, `overrides`), so that its `elliptic` is never loaded and one
 * process has one curve library: libsecp256k1 where its binding loads, noble elsewhere, as in src/crypto. It is CommonJS
 * because bolt11 requires it. bolt11 only reads invoices here: it may recover a signer and check a point, never sign.
 * docs/decisions/0002-curve-and-vectors.md.
 */
function native() {
  try {
    return require("secp256k1/bindings.js");
  } catch {
    return undefined;
  }
}

/** The two functions in noble's terms. Both take and give bytes as `secp256k1` 4 does, and throw where it throws. */
function noble() {
  const { secp256k1 } = require("@noble/curves/secp256k1.js");
  return {
    publicKeyVerify: (point) => secp256k1.utils.isValidPublicKey(point),
    ecdsaRecover: (signature, recovery, digest, compressed) => {
      const recovered = new Uint8Array(65);
      recovered[0] = recovery;
      recovered.set(signature, 1);
      const point = secp256k1.recoverPublicKey(recovered, digest, { prehash: false });
      return compressed ? point : secp256k1.Point.fromBytes(point).toBytes(false);
    },
  };
}

const { publicKeyVerify, ecdsaRecover } = native() ?? noble();
const refuse = () => {
  throw new Error("bolt11 never gets a key: src/payments signs invoices");
};

module.exports = {
  publicKeyVerify,
  ecdsaRecover,
  privateKeyVerify: refuse,
  publicKeyCreate: refuse,
  ecdsaSign: refuse,
};
