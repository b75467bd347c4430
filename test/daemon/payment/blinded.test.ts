import { expect } from "chai";
import { buildOnion, type Route } from "../../../routing/index.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { decodeInvoice } from "../../../src/payments/invoice.ts";
import { fundedBy } from "../puppet.ts";
import { invoiceOf, line, stranger, violations } from "../small-world.ts";

const AMOUNT = msat(2_000_000n);
const PATH_KEY = secp256k1.publicKey(new Uint8Array(32).fill(9));
/** BADONION, PERM and 24. BOLT 4 §Failure Messages. */
const INVALID_ONION_BLINDING = 0x8000 | 0x4000 | 24;

/** A stranger whose onions are good, and who puts a path key beside each. */
async function blinding(nodes: 1 | 2) {
  const { world, nodes: all, edges } = await line(nodes);
  const [router, payee] = [present(all[0], "a router"), present(all.at(-1), "a payee")];
  const mallory = await stranger(world, router);
  const puppet = await fundedBy(world, router, mallory, {
    strings: {
      say: (message) => (message.name === "update_add_htlc" ? { ...message, blinded_path: PATH_KEY } : message),
    },
  });
  const { bolt11 } = await invoiceOf(world, payee, AMOUNT);
  const invoice = decodeInvoice(bolt11, "regtest");
  if (!invoice.ok) throw new Error(invoice.error.code);
  const { paymentHash, paymentSecret } = invoice.value;
  const { height } = world.chain.brain.chain.tip;
  const scidOf = (id: string | undefined) =>
    present(router.node.channels().find((channel) => channel.id === id)?.shortChannelId, "a confirmed channel");
  const first = { nodeId: router.id, shortChannelId: scidOf(puppet.id), expiry: cltvExpiry(height + 300) };
  const last = { nodeId: payee.id, amount: AMOUNT, expiry: cltvExpiry(height + 100) };
  const route: Route = {
    hops:
      nodes === 1
        ? [{ ...first, amount: AMOUNT }]
        : [
            { ...first, amount: msat(AMOUNT + 10_000n) },
            { ...last, shortChannelId: scidOf(edges[0]?.id) },
          ],
  };
  const content = { paymentSecret, paymentMetadata: undefined, customRecords: [] };
  const packet = buildOnion(route, sha256(Uint8Array.of(7)), paymentHash, content);
  if (!packet.ok) throw new Error(packet.error.code);
  const { amount, expiry } = present(route.hops[0], "a hop");
  const { onion } = packet.value;
  const origin = { tag: "payment", paymentId: "p", attempt: 1 } as const;
  puppet.give({ tag: "OfferHtlc", amount, paymentHash, expiry, onion, origin });
  await world.pass(2_000);
  return { world, payee, mallory, onion, invoice: () => payee.node.invoice(paymentHash)?.state };
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
