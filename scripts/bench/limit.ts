import { buildOnion, peel } from "../../routing/index.ts";
import { nodeId, paymentHash, shortChannelId } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { cltvExpiry, msat } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";

/**
 * The least that BOLT payments over one hop take, done by both nodes on one core and nothing else: an onion built and
 * peeled, each HTLC with an output signed and verified once for either commitment, and the signatures of the commitments
 * that all payments in flight share. No messages, no scripts, no disk: what is reached is compared with this.
 */
export function limitRates(inFlight: number): { readonly dust: number; readonly htlc: number } {
  const secret = sha256(Uint8Array.of(1));
  const point = secp256k1.publicKey(secret);
  let round = 0;
  const signed = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const digest = sha256(Uint8Array.of(i, round & 0xff));
      assert(secp256k1.verify(secp256k1.sign(digest, secret), digest, point), "a signature of our own is good");
    }
  };
  const hops = [
    { nodeId: nodeId(point), shortChannelId: shortChannelId(1, 1, 1), amount: msat(1_000n), expiry: cltvExpiry(500) },
  ];
  const nodeKey = staticKeyOf(secret);
  const batch = (htlcSignatures: number) => (): void => {
    for (let i = 0; i < inFlight; i++) {
      const hash = paymentHash(sha256(Uint8Array.of(++round & 0xff)));
      const content = { paymentSecret: secret, paymentMetadata: undefined, customRecords: [] };
      const packet = buildOnion({ hops }, sha256(Uint8Array.of(round & 0xff, 1)), hash, content);
      assert(packet.ok && peel(packet.value.onion, hash, nodeKey).tag === "Final", "an onion of our own can be read");
      signed(htlcSignatures);
    }
    signed(COMMITMENTS_PER_BATCH);
  };
  return { dust: rateOf(batch(0)) * inFlight, htlc: rateOf(batch(2)) * inFlight };
}
/** One covers the adds and one the removals, of either side. */
const COMMITMENTS_PER_BATCH = 4;
const WARM_UP_BATCHES = 3;
const SPAN_MS = 400;

function rateOf(work: () => void): number {
  for (let i = 0; i < WARM_UP_BATCHES; i++) work();
  const begin = performance.now();
  let done = 0;
  for (; performance.now() - begin < SPAN_MS; done++) work();
  return (done * 1_000) / (performance.now() - begin);
}
