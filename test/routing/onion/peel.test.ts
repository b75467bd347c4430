import { expect } from "chai";
import fc from "fast-check";
import { buildOnion, type FinalContent, sharedSecretsOfRoute } from "../../../routing/onion/build.ts";
import { createFailure, readFailure, wrapFailure } from "../../../routing/onion/failure.ts";
import { type Peeled, peel } from "../../../routing/onion/peel.ts";
import { buildPacket, ONION_BYTES } from "../../../routing/onion/sphinx.ts";
import type { Route } from "../../../routing/path/route.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { idBytes, nodeId, paymentHash, shortChannelId } from "../../../src/base/ids.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { type StaticKey, staticKeyOf } from "../../../src/crypto/static-key.ts";
import { type Hop, hops, sealedWith, secret } from "./onions.ts";

const HASH = paymentHash(new Uint8Array(32).fill(0x42));
const SESSION_KEY = secret(7);
const CONTENT: FinalContent = { paymentSecret: secret(5), paymentMetadata: undefined, customRecords: [] };
const nodeKey = (index: number): StaticKey => staticKeyOf(secret(0x15 + index));
/** Amounts and expiries fall towards the payee, each hop over a channel of its own. */
const route = (count: number): Route => ({
  hops: hops(count, () => new Uint8Array(2)).map((hop, index) => ({
    nodeId: nodeId(hop.nodeId),
    shortChannelId: shortChannelId(100 + index, index, 1),
    amount: msat(1_000_000n + 1_000n * BigInt(count - index)),
    expiry: cltvExpiry(800_000 + 40 * (count - index)),
  })),
});
function built(way: Route, content = CONTENT) {
  const onion = buildOnion(way, SESSION_KEY, HASH, content);
  if (!onion.ok) throw new Error(onion.error.code);
  return onion.value;
}

describe("BOLT 4 §Packet Construction: what each node of a route finds", () => {
  it("is the next channel, amount and expiry alone; the payee finds its own; all see 1,366 bytes", () => {
    for (const count of [1, 2, 3, 7, 20]) {
      const way = route(count);
      const { onion, sharedSecrets } = built(way);
      let packet = onion;
      for (let index = 0; index < count - 1; index++) {
        expect(packet.length).to.equal(ONION_BYTES);
        const peeled = peel(packet, HASH, nodeKey(index));
        if (peeled.tag !== "Forward") throw new Error(`hop ${index} forwards`);
        const next = way.hops[index + 1];
        expect(peeled).to.deep.equal({
          tag: "Forward",
          sharedSecret: sharedSecrets[index],
          payload: {
            amtToForward: next?.amount,
            outgoingCltvValue: next?.expiry,
            shortChannelId: next?.shortChannelId,
          },
          onion: peeled.onion,
        });
        packet = peeled.onion;
      }
      const last = way.hops[count - 1];
      expect(packet.length).to.equal(ONION_BYTES);
      expect(peel(packet, HASH, nodeKey(count - 1))).to.deep.equal({
        tag: "Final",
        sharedSecret: sharedSecrets[count - 1],
        payload: {
          amtToForward: last?.amount,
          outgoingCltvValue: last?.expiry,
          paymentSecret: secret(5),
          totalMsat: last?.amount,
          paymentMetadata: undefined,
          keysendPreimage: undefined,
          customRecords: [],
        },
      });
    }
  });
  it("holds the stream record for the payee beside 19 forwarding hops", () => {
    const record = { type: 658_112_311n, value: new Uint8Array(48).fill(1) };
    let packet = built(route(20), { ...CONTENT, customRecords: [record] }).onion;
    let peeled: Peeled | undefined;
    for (let index = 0; index < 20; index++) {
      peeled = peel(packet, HASH, nodeKey(index));
      if (peeled.tag === "Forward") packet = peeled.onion;
    }
    expect(peeled?.tag === "Final" && peeled.payload.customRecords).to.deep.equal([record]);
  });
  it("refuses records that leave no room for the route", () => {
    const record = { type: 658_112_311n, value: new Uint8Array(1300) };
    expect(buildOnion(route(2), SESSION_KEY, HASH, { ...CONTENT, customRecords: [record] }).ok).to.equal(false);
  });
  it("gives the shared secrets again from route and session key", () => {
    expect(sharedSecretsOfRoute(route(6), SESSION_KEY)).to.deep.equal(built(route(6)).sharedSecrets);
  });
});

describe("BOLT 4 §Returning Errors: a whole route", () => {
  it("attributes a failure at every hop to that hop, by the secrets that peeling gave", () => {
    const way = route(5);
    const { onion, sharedSecrets } = built(way);
    const peeledSecrets: Uint8Array[] = [];
    let packet = onion;
    for (let hop = 0; hop < way.hops.length; hop++) {
      const peeled = peel(packet, HASH, nodeKey(hop));
      if (peeled.tag !== "Forward" && peeled.tag !== "Final") throw new Error("an onion that is right");
      peeledSecrets.push(peeled.sharedSecret);
      let reason = createFailure(peeled.sharedSecret, { name: "permanent_channel_failure" });
      for (const shared of peeledSecrets.slice(0, -1).reverse()) reason = wrapFailure(shared, reason);
      expect(readFailure(sharedSecrets, reason)).to.deep.equal({
        tag: "Attributed",
        hop,
        failure: { name: "permanent_channel_failure" },
      });
      if (peeled.tag === "Forward") packet = peeled.onion;
    }
  });
});

describe("BOLT 4 §Onion Decryption: what is refused", () => {
  const { onion } = built(route(2));
  const changed = (at: number): Uint8Array => onion.map((byte, index) => (index === at ? byte ^ 0x40 : byte));
  it("is malformed, with the onion's hash, when version, key or HMAC is wrong", () => {
    for (const [at, failureCode] of [
      [0, 0xc004],
      [1, 0xc006],
      [40, 0xc005],
      [1365, 0xc005],
    ] as const) {
      const broken = changed(at);
      expect(peel(broken, HASH, nodeKey(0))).to.deep.equal({
        tag: "Malformed",
        failureCode,
        sha256OfOnion: sha256(broken),
      });
    }
  });
  it("is malformed when it comes with another payment hash", () => {
    const other = paymentHash(new Uint8Array(32));
    const peeled = peel(onion, other, nodeKey(0));
    expect(peeled).to.deep.equal({ tag: "Malformed", failureCode: 0xc005, sha256OfOnion: sha256(onion) });
  });
  /** One hop that finds this payload. */
  function peeledAlone(payload: string): Peeled {
    const route = hops(1, () => fromHex(payload));
    const packet = buildPacket(route, SESSION_KEY, idBytes(HASH));
    if (!packet.ok) throw new Error(packet.error.code);
    return peel(packet.value.onion, HASH, nodeKey(0));
  }
  const [sharedSecret] = sharedSecretsOfRoute(route(1), SESSION_KEY);
  it("is an invalid payload when it lacks what the node needs, naming the record", () => {
    expect(peeledAlone("02023a98")).to.deep.equal({
      tag: "InvalidPayload",
      sharedSecret,
      failure: { name: "invalid_onion_payload", type: 4n, offset: 0 },
    });
  });
  it("is an invalid payload when its length goes beyond the packet", () => {
    const [hop] = hops(1, () => new Uint8Array(2)) as [Hop];
    for (const length of ["fd0514", "fe00010000", "ffffffffffffffffff"])
      expect(peel(sealedWith(fromHex(length), hop, idBytes(HASH)), HASH, nodeKey(0)), length).to.deep.equal({
        tag: "InvalidPayload",
        sharedSecret,
        failure: { name: "invalid_onion_payload", type: 0n, offset: 0 },
      });
  });
  it("answers a blinded route's records with invalid_onion_blinding, as this node offers none", () => {
    const peeled = peeledAlone("02022710040203e80a0101");
    if (peeled.tag !== "InvalidPayload") throw new Error("a payload that is refused");
    expect(peeled.failure.name).to.equal("invalid_onion_blinding");
  });
  it("never throws, whatever the 1,366 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: ONION_BYTES, maxLength: ONION_BYTES }), (bytes) => {
        peel(bytes, HASH, nodeKey(0));
      }),
      { seed: 4, numRuns: 50 },
    );
  });
});
