import { expect } from "chai";
import { type Claim, claimOf } from "../../../channels/onchain/claim.ts";
import { sweepTx } from "../../../channels/onchain/claim-tx.ts";
import { claimFeerate, isWorthClaiming } from "../../../channels/onchain/fee.ts";
import type { ChannelOutput } from "../../../channels/onchain/output.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import { paymentHash, preimage, type Txid } from "../../../src/base/ids.ts";
import { blockHeight, cltvExpiry, msat, sat, satPerKw } from "../../../src/base/units.ts";

const HEIGHT = blockHeight(500);
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);

/** An HTLC that the peer offered, in its own commitment. */
function htlcClaim(amount: bigint): Claim {
  const htlc = {
    id: 0n,
    side: "received",
    amount: msat(amount * 1_000n),
    paymentHash: paymentHash(bytes(32)),
    expiry: cltvExpiry(HEIGHT + 40),
  } as const;
  const output: ChannelOutput = {
    outpoint: { txid: "00".repeat(32) as Txid, vout: 0 },
    amount: sat(amount),
    lock: scriptLock(bytes(139)),
    path: { tag: "direct", format: "anchors", htlc, point: bytes(33) },
  };
  const claim = claimOf(output, { minedAt: HEIGHT, preimage: preimage(bytes(32)), isAtStake: true }, HEIGHT);
  if ("tag" in claim) throw new Error(claim.tag);
  return claim;
}

describe("The transaction of a claim that pays its own fee", () => {
  it("is made for every output that is worth claiming, however dear blocks are", () => {
    for (let amount = 354n; amount < 2_000n; amount += 7n) {
      const claim = htlcClaim(amount);
      for (const estimate of [253, 1_000, 7_000, 100_000]) {
        const swept = sweepTx(claim, bytes(22), claimFeerate(claim, HEIGHT, satPerKw(estimate)));
        expect(swept !== undefined, `${amount} sat at ${estimate}`).to.equal(isWorthClaiming(claim));
      }
    }
  });
});
