import { expect } from "chai";
import type { PaymentBounds } from "../../../routing/onion/build.ts";
import { buildOnion, type FinalContent, hopsThatFit } from "../../../routing/onion/build.ts";
import { HOPS_MAX } from "../../../routing/path/route.ts";
import { nodeId, paymentHash, shortChannelId } from "../../../src/base/ids.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { secret } from "./onions.ts";

const BOUNDS: PaymentBounds = { amount: msat(250n), maxFee: msat(10n), maxExpiry: cltvExpiry(70_000) };
const told = (length: number): FinalContent => ({
  paymentSecret: new Uint8Array(32),
  paymentMetadata: new Uint8Array(length),
  customRecords: [],
});
/** Whether there is an onion for a route of so many hops, each of which takes as much as the bounds allow. */
function fits(hops: number, final: FinalContent): boolean {
  const route = Array.from({ length: hops }, (_, at) => ({
    nodeId: nodeId(secp256k1.publicKey(secret(at + 1))),
    shortChannelId: shortChannelId(800_000, 4_000, at),
    amount: msat(at === hops - 1 ? 250n : 260n),
    expiry: cltvExpiry(70_000),
  }));
  return buildOnion({ hops: route }, secret(7), paymentHash(new Uint8Array(32)), final).ok;
}

describe("hopsThatFit", () => {
  it("tells how long a route may be for what the payee is told: there is an onion for it, and none for one more hop", () => {
    for (const length of [300, 639, 900, 1_150]) {
      const hops = hopsThatFit(BOUNDS, told(length));
      expect([hops < HOPS_MAX, fits(hops, told(length)), fits(hops + 1, told(length))]).to.deep.equal([
        true,
        true,
        false,
      ]);
    }
  });
  it("is 20 for what an invoice usually says, and 0 for what is longer than an onion", () => {
    expect([hopsThatFit(BOUNDS, told(32)), hopsThatFit(BOUNDS, told(1_300))]).to.deep.equal([HOPS_MAX, 0]);
  });
});
