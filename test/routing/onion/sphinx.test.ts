import { expect } from "chai";
import fc from "fast-check";
import {
  buildPacket,
  ONION_BYTES,
  PAYLOADS_BYTES,
  type Packet,
  sharedSecretsOf,
  unwrapPacket,
} from "../../../routing/onion/sphinx.ts";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { decodePrefix, encode } from "../../../src/codec/codec.ts";
import { bigSize } from "../../../src/codec/varint.ts";
import { staticKeyOf } from "../../../src/crypto/static-key.ts";
import { describeVectors } from "../../support/vectors.ts";
import type { OnionErrorVector } from "./keys.test.ts";
import { type Hop, hops, sealedWith, secret } from "./onions.ts";

interface OnionVector {
  readonly generate: {
    readonly session_key: string;
    readonly associated_data: string;
    readonly hops: readonly { readonly pubkey: string; readonly payload: string }[];
  };
  readonly onion: string;
  readonly decode: readonly string[];
}

/** The vector's payloads have their length in front; ours do not. */
function bare(payload: Uint8Array): Uint8Array {
  const prefix = decodePrefix(bigSize, payload);
  return payload.slice(prefix.ok ? prefix.value.length : 0);
}
const DATA = new Uint8Array(32).fill(0x42);
function built(route: readonly Hop[], sessionKey = secret(7)): Packet {
  const packet = buildPacket(route, sessionKey, DATA);
  if (!packet.ok) throw new Error(packet.error.code);
  return packet.value;
}

describeVectors<OnionVector>("BOLT 4 §Test Vector: the onion", "bolts/bolt04/onion-test.json", (vector) => {
  const { session_key, associated_data, hops: route } = vector.generate;
  const data = fromHex(associated_data);
  it("builds the packet of the vector, byte for byte", () => {
    const packet = buildPacket(
      route.map((hop) => ({ nodeId: fromHex(hop.pubkey), payload: bare(fromHex(hop.payload)) })),
      fromHex(session_key),
      data,
    );
    expect(packet.ok && toHex(packet.value.onion)).to.equal(vector.onion);
  });
  it("peels it hop by hop: each finds its payload, and the last no further packet", () => {
    let onion: Uint8Array | undefined = fromHex(vector.onion);
    for (const [index, nodeSecret] of vector.decode.entries()) {
      const unwrapped = unwrapPacket(present(onion, "a packet for every hop"), data, staticKeyOf(fromHex(nodeSecret)));
      if (!unwrapped.ok) throw new Error(unwrapped.error.code);
      expect(toHex(unwrapped.value.payload)).to.equal(toHex(bare(fromHex(route[index]?.payload ?? ""))));
      onion = unwrapped.value.next;
    }
    expect(onion).to.equal(undefined);
  });
});

describeVectors<OnionErrorVector>("BOLT 4 §Shared Secret", "bolts/bolt04/onion-error-test.json", ({ generate }) => {
  it("shares with each hop the secret of the vector", () => {
    const secrets = sharedSecretsOf(
      generate.hops.map((hop) => fromHex(hop.pubkey)),
      fromHex(generate.session_key),
    );
    expect(secrets.ok && secrets.value.map(toHex)).to.deep.equal(generate.hops.map((hop) => hop.hop_shared_secret));
  });
});

describe("BOLT 4 §Packet Construction", () => {
  it("makes 1,366 bytes for routes of 1 to 20 hops, and every hop passes on as many", () => {
    for (let count = 1; count <= 20; count++) {
      const route = hops(count, () => new Uint8Array(18).fill(count));
      const { onion, sharedSecrets } = built(route);
      expect([onion.length, sharedSecrets.length]).to.deep.equal([ONION_BYTES, count]);
      let packet: Uint8Array | undefined = onion;
      for (const [index, hop] of route.entries()) {
        const unwrapped = unwrapPacket(present(packet, "a packet"), DATA, hop.nodeKey);
        if (!unwrapped.ok) throw new Error(unwrapped.error.code);
        expect(unwrapped.value.sharedSecret).to.deep.equal(sharedSecrets[index]);
        expect(unwrapped.value.payload).to.deep.equal(hop.payload);
        packet = unwrapped.value.next;
        expect(packet?.length).to.equal(index === count - 1 ? undefined : ONION_BYTES);
      }
    }
  });
  it("carries payloads of any sizes that fit, also across the 253 bytes where the length takes three", () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 250, max: 256 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const route = hops(lengths.length, (index) => new Uint8Array(lengths[index] as number).fill(index + 1));
        let packet: Uint8Array | undefined = built(route).onion;
        for (const hop of route) {
          const unwrapped = unwrapPacket(present(packet, "a packet"), DATA, hop.nodeKey);
          expect(unwrapped.ok && unwrapped.value.payload).to.deep.equal(hop.payload);
          packet = unwrapped.ok ? unwrapped.value.next : undefined;
        }
        expect(packet).to.equal(undefined);
      }),
      { seed: 1, numRuns: 30 },
    );
  });
  it("takes a payload that fills the packet to its last byte, and refuses one byte more", () => {
    const full = PAYLOADS_BYTES - 32 - 3;
    expect(built(hops(1, () => new Uint8Array(full))).onion.length).to.equal(ONION_BYTES);
    expect(
      buildPacket(
        hops(1, () => new Uint8Array(full + 1)),
        secret(7),
        DATA,
      ),
    ).to.deep.equal({
      ok: false,
      error: { code: "payloads_too_long", bytes: PAYLOADS_BYTES + 1 },
    });
  });
  it("refuses a node id that is no point of the curve, naming the hop", () => {
    const route = [...hops(2, () => new Uint8Array(4))];
    route[1] = { ...(route[1] as Hop), nodeId: concat(Uint8Array.of(2), new Uint8Array(32).fill(0xff)) };
    expect(buildPacket(route, secret(7), DATA)).to.deep.equal({ ok: false, error: { code: "bad_node_id", hop: 1 } });
  });
});

describe("BOLT 4 §Onion Decryption", () => {
  const [hop] = hops(1, () => new Uint8Array(4)) as [Hop];
  const { onion } = built([hop]);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = onion.slice();
    copy[at] = value;
    return copy;
  };
  it("refuses another version", () => {
    expect(unwrapPacket(changed(0, 1), DATA, hop.nodeKey)).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_version" },
    });
  });
  it("refuses an ephemeral key that is no point", () => {
    expect(unwrapPacket(changed(1, 5), DATA, hop.nodeKey)).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_key" },
    });
  });
  it("refuses a changed byte anywhere behind the key, and other associated data", () => {
    const refusal = { ok: false, error: { code: "invalid_onion_hmac" } };
    for (const at of [34, 700, 1333, 1334, 1365])
      expect(unwrapPacket(changed(at, (onion[at] as number) ^ 1), DATA, hop.nodeKey)).to.deep.equal(refusal);
    expect(unwrapPacket(onion, new Uint8Array(32), hop.nodeKey)).to.deep.equal(refusal);
    expect(unwrapPacket(onion, DATA, staticKeyOf(secret(99)))).to.deep.equal(refusal);
  });
  it("RELIABILITY D1: refuses a payload longer than the packet before it takes memory for it", () => {
    for (const length of [0n, 1n, 1266n, 1301n, 65_536n, 2n ** 32n - 1n, 2n ** 64n - 1n]) {
      const unwrapped = unwrapPacket(sealedWith(encode(bigSize, length), hop, DATA), DATA, hop.nodeKey);
      expect(!unwrapped.ok && unwrapped.error.code).to.equal("invalid_payload_length");
    }
    expect(unwrapPacket(sealedWith(encode(bigSize, 1265n), hop, DATA), DATA, hop.nodeKey).ok).to.equal(true);
  });
  it("RELIABILITY D1: refuses a length that is not in its shortest form", () => {
    const unwrapped = unwrapPacket(sealedWith(fromHex("fd0004"), hop, DATA), DATA, hop.nodeKey);
    expect(!unwrapped.ok && unwrapped.error.code).to.equal("invalid_payload_length");
  });
});
