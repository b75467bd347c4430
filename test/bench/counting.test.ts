import { expect } from "chai";
import { countCurve, countingNetwork, countingStore, countMessage, noCounts } from "../../scripts/bench/counting.ts";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { provider } from "../../src/crypto/secp256k1-noble.ts";
import type { Connection, Network } from "../../src/ports/network.ts";
import { encodeMessage } from "../../src/wire/registry.ts";

describe("bench: what is counted", () => {
  it("is every use of the curve, by its kind, with the same answers as without counting", () => {
    const counts = noCounts();
    const curve = { ...provider };
    countCurve(curve, counts);
    const secret = sha256(Uint8Array.of(1));
    const point = curve.publicKey(secret);
    const signature = curve.sign(secret, secret);
    expect(signature).to.deep.equal(provider.sign(secret, secret));
    expect(curve.verify(signature, secret, point)).to.equal(true);
    expect(curve.ecdh(point, secret)).to.deep.equal(provider.ecdh(point, secret));
    curve.multiplyPoint(point, secret);
    expect(counts).to.deep.equal({ ...noCounts(), signs: 1, verifies: 1, ecdhs: 1, derivations: 2 });
  });

  it("is every group, record and byte that is appended, and each write of the disk once for all groups that shared it", async () => {
    const counts = noCounts();
    const store = countingStore(memoryDisk().open(), counts);
    await Promise.all([
      store.append([{ key: "a", value: new Uint8Array(10) }]),
      store.append([
        { key: "bb", value: new Uint8Array(20) },
        { key: "a", value: undefined },
      ]),
    ]);
    await store.append([{ key: "c", value: new Uint8Array(1) }]);
    expect(counts).to.deep.equal({ ...noCounts(), groups: 3, records: 4, storedBytes: 36, syncs: 2 });
    expect(store.get("bb")).to.deep.equal(new Uint8Array(20));
  });

  it("is every byte and write to a peer, of both connections that were dialled and accepted", async () => {
    const counts = noCounts();
    const sent: number[] = [];
    const connection = (): Connection =>
      ({ send: (bytes: Uint8Array) => void sent.push(bytes.length) }) as unknown as Connection;
    const accepted: Connection[] = [];
    const plain: Network = {
      dial: async () => connection(),
      listen: async (address, accept) => {
        accept(connection());
        return { address, close: async () => {} };
      },
    };
    const network = countingNetwork(plain, counts);
    await network.listen({ host: "h", port: 1 }, (one) => void accepted.push(one));
    accepted[0]?.send(new Uint8Array(3));
    (await network.dial({ host: "h", port: 1 })).send(new Uint8Array(4));
    expect(sent).to.deep.equal([3, 4]);
    expect(counts).to.deep.equal({ ...noCounts(), sentBytes: 7, sentWrites: 2 });
  });

  it("is every message, and those that sign a commitment", () => {
    const counts = noCounts();
    countMessage(counts, encodeMessage({ name: "ping", num_pong_bytes: 1, ignored: new Uint8Array(0) }));
    const signed = { channel_id: "00".repeat(32) as never, signature: new Uint8Array(64), htlc_signature: [] };
    countMessage(counts, encodeMessage({ name: "commitment_signed", ...signed }));
    expect(counts).to.deep.equal({ ...noCounts(), messages: 2, commitments: 1 });
  });
});
