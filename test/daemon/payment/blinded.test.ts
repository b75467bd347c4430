import { expect } from "chai";
import { msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { payingStranger } from "../paying-stranger.ts";
import { violations } from "../small-world.ts";

const AMOUNT = msat(2_000_000n);
const PATH_KEY = secp256k1.publicKey(new Uint8Array(32).fill(9));
/** BADONION, PERM and 24. BOLT 4 §Failure Messages. */
const INVALID_ONION_BLINDING = 0x8000 | 0x4000 | 24;

/** A stranger whose onions are good, and who puts a path key beside each. */
async function blinding(nodes: 1 | 2) {
  const { world, payee, mallory, bill, pay } = await payingStranger(nodes, {
    strings: {
      say: (message) => (message.name === "update_add_htlc" ? { ...message, blinded_path: PATH_KEY } : message),
    },
  });
  const { paymentHash, paymentSecret } = await bill(AMOUNT);
  const { onion } = pay(AMOUNT, paymentHash, { paymentSecret });
  await world.pass(2_000);
  return { world, mallory, onion, invoice: () => payee.node.invoice(paymentHash)?.state };
}

describe("CONFORMANCE 90: an HTLC with a path key, at a node that takes no part in blinded routes", () => {
  for (const [what, nodes] of [
    ["that pays an invoice of ours", 1],
    ["to be passed on", 2],
  ] as const)
    it(`${what}: is answered by invalid_onion_blinding in update_fail_malformed_htlc, and nothing else`, async () => {
      const { world, mallory, onion, invoice } = await blinding(nodes);
      expect(
        mallory
          .of("update_fail_malformed_htlc")
          .map(({ failure_code, sha256_of_onion }) => [failure_code, sha256_of_onion]),
      ).to.deep.equal([[INVALID_ONION_BLINDING, sha256(onion)]]);
      expect([mallory.of("update_fulfill_htlc"), mallory.of("update_fail_htlc"), invoice()]).to.deep.equal([
        [],
        [],
        "open",
      ]);
      expect(violations(world)).to.deep.equal([]);
    });
});
