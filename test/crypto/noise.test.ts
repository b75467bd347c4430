import { expect } from "chai";
import fc from "fast-check";
import { open } from "#symmetric";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { type NoiseSession, noiseInitiator, noiseResponder } from "../../src/crypto/noise.ts";
import { openHeader, PacketKey, sealPackets } from "../../src/crypto/noise-packets.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { countCases, describeVectors } from "../support/vectors.ts";

interface HandshakeCase {
  readonly name: string;
  readonly acts: readonly { readonly act: 1 | 2 | 3; readonly dir: "send" | "recv"; readonly bytes: string }[];
  readonly rs_pub?: string;
  readonly ls_priv: string;
  readonly ls_pub: string;
  readonly e_priv: string;
  readonly final_ck?: string;
  readonly final?: { readonly sk: string; readonly rk: string };
  readonly expect_error?: string;
}
interface Handshakes {
  readonly initiator: readonly HandshakeCase[];
  readonly responder: readonly HandshakeCase[];
}
interface Encryption {
  readonly ck: string;
  readonly sk: string;
  readonly rk: string;
  readonly plaintext: string;
  readonly count: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly rotated: readonly { readonly after_message: number; readonly ck: string; readonly sk: string }[];
}

const point = (secret: number): Uint8Array => secp256k1.publicKey(new Uint8Array(32).fill(secret));
const secrets = (local: number, ephemeral: number) => ({
  local: staticKeyOf(new Uint8Array(32).fill(local)),
  ephemeral: new Uint8Array(32).fill(ephemeral),
});

/** Begins the session of a case; `sent` is what it has to say before anything is received. */
function begin(test: HandshakeCase): { readonly session: NoiseSession; readonly sent: string } {
  const keys = { local: staticKeyOf(fromHex(test.ls_priv)), ephemeral: fromHex(test.e_priv) };
  if (test.rs_pub === undefined) return { session: noiseResponder(keys), sent: "" };
  const begun = noiseInitiator(keys, fromHex(test.rs_pub));
  if (begun === undefined) throw new Error("vector holds a bad node id");
  return { session: begun.session, sent: toHex(begun.send) };
}

/** Runs the acts, each received one cut into pieces of `piece` bytes; answers all that was sent, in order. */
function run(test: HandshakeCase, piece: number): { readonly session: NoiseSession; readonly sent: readonly string[] } {
  const { session, sent } = begin(test);
  const all = sent === "" ? [] : [sent];
  for (const act of test.acts) {
    if (act.dir === "send") continue;
    const bytes = fromHex(act.bytes);
    for (let at = 0; at < bytes.length; at += piece) {
      const { send } = session.receive(bytes.subarray(at, at + piece));
      if (send.length > 0) all.push(toHex(send));
    }
  }
  return { session, sent: all };
}

const FAULTS: Readonly<Record<string, string>> = {
  BAD_VERSION: "bad_version",
  BAD_PUBKEY: "bad_key",
  BAD_TAG: "bad_tag",
  BAD_CIPHERTEXT: "bad_ciphertext",
};
/** A short read leaves the handshake waiting; everything else fails it. */
function expectedState(error: string): unknown {
  const [, act, code] = /^ACT(\d)_(.*)$/.exec(error) as unknown as [string, string, string];
  if (code === "READ_FAILED") return { tag: "Handshake" };
  return { tag: "Failed", fault: { code: FAULTS[code], act: Number(act) } };
}

describeVectors<Handshakes>(
  "BOLT 8 §Authenticated Key Agreement Handshake (CONFORMANCE 19, 20)",
  "bolts/bolt08/handshake.json",
  (all) => {
    for (const test of [...all.initiator, ...all.responder]) {
      for (const piece of [1, 7, 1000]) {
        it(`${test.name}, in pieces of at most ${piece} bytes`, () => {
          const { session, sent } = run(test, piece);
          expect(sent).to.deep.equal(test.acts.filter((act) => act.dir === "send").map((act) => act.bytes));
          if (test.expect_error === undefined) expect(session.state.tag).to.equal("Open");
          else expect(session.state).to.deep.equal(expectedState(test.expect_error));
        });
      }
      if (test.final !== undefined) {
        const { sk, rk } = test.final;
        it(`${test.name}: ends with the expected keys`, () => {
          const { session } = run(test, 1000);
          const chainingKey = fromHex(test.final_ck as string);
          const message = fromHex("c0ffee");
          expect(session.send([message])).to.deep.equal(
            sealPackets(new PacketKey(chainingKey, fromHex(sk)), [message]),
          );
          const theirs = sealPackets(new PacketKey(chainingKey, fromHex(rk)), [message]);
          expect(session.receive(theirs).messages).to.deep.equal([message]);
        });
      }
    }
  },
);

describeVectors<Encryption>(
  "BOLT 8 §Lightning Message Key Rotation (CONFORMANCE 21, 22, 23)",
  "bolts/bolt08/message-encryption.json",
  (test) => {
    countCases("bolts/bolt08/message-encryption.json", Object.keys(test.outputs).length + test.rotated.length);
    const plain = fromHex(test.plaintext);

    it(`encrypts ${test.count} messages as the samples show`, () => {
      const key = new PacketKey(fromHex(test.ck), fromHex(test.sk));
      const seen: Record<string, string> = {};
      for (let at = 0; at < test.count; at++) {
        const packet = toHex(sealPackets(key, [plain]));
        if (at in test.outputs) seen[at] = packet;
      }
      expect(seen).to.deep.equal(test.outputs);
    });
    it("gives the same bytes when all messages share one buffer", () => {
      const [one, many] = [0, 1].map(() => new PacketKey(fromHex(test.ck), fromHex(test.sk))) as [PacketKey, PacketKey];
      const messages = Array.from({ length: test.count }, () => plain);
      expect(toHex(sealPackets(many, messages))).to.equal(
        toHex(concat(...messages.map((message) => sealPackets(one, [message])))),
      );
    });
    for (const rotated of test.rotated) {
      it(`uses the expected keys after message ${rotated.after_message}`, () => {
        const key = new PacketKey(fromHex(test.ck), fromHex(test.sk));
        for (let at = 0; at <= rotated.after_message; at++) sealPackets(key, [plain]);
        const fresh = new PacketKey(fromHex(rotated.ck), fromHex(rotated.sk));
        expect(sealPackets(key, [plain])).to.deep.equal(sealPackets(fresh, [plain]));
      });
    }
  },
);

/** Two sessions that have finished their handshake with each other. */
function connected(): { readonly caller: NoiseSession; readonly called: NoiseSession } {
  const called = noiseResponder(secrets(0x31, 0x32));
  const begun = noiseInitiator(secrets(0x41, 0x42), point(0x31));
  if (begun === undefined) throw new Error("a point");
  const actTwo = called.receive(begun.send).send;
  called.receive(begun.session.receive(actTwo).send);
  return { caller: begun.session, called };
}

describe("BOLT 8 §Receiving and Decrypting Messages", () => {
  it("tells each side the other's node id", () => {
    const { caller, called } = connected();
    expect(caller.state).to.deep.equal({ tag: "Open", remote: point(0x31) });
    expect(called.state).to.deep.equal({ tag: "Open", remote: point(0x41) });
  });
  it("gives back every message, in order, however the bytes are cut", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1 }), (lengths, cuts) => {
        const { caller, called } = connected();
        const messages = lengths.map((length, index) => new Uint8Array(length).fill(index));
        const stream = caller.send(messages);
        const seen: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const size = cuts[cut % cuts.length] as number;
          seen.push(...called.receive(stream.subarray(at, at + size)).messages);
          at += size;
        }
        expect(seen).to.deep.equal(messages);
      }),
      { seed: 8, numRuns: 40 },
    );
  });
  it("reads the first messages when they arrive together with act three (CONFORMANCE 24)", () => {
    const called = noiseResponder(secrets(0x31, 0x32));
    const begun = noiseInitiator(secrets(0x41, 0x42), point(0x31));
    if (begun === undefined) throw new Error("a point");
    const actThree = begun.session.receive(called.receive(begun.send).send).send;
    const early = begun.session.send([fromHex("0010"), fromHex("0012")]);
    expect(called.receive(concat(actThree, early)).messages).to.deep.equal([fromHex("0010"), fromHex("0012")]);
  });
  it("carries the longest message and refuses to send a longer one", () => {
    const { caller, called } = connected();
    const longest = new Uint8Array(65_535).fill(7);
    expect(called.receive(caller.send([longest])).messages).to.deep.equal([longest]);
    expect(() => caller.send([new Uint8Array(65_536)])).to.throw("at most 65535 bytes");
  });
  it("RELIABILITY K11: keeps both directions apart over several key rotations (CONFORMANCE 23)", () => {
    const { caller, called } = connected();
    for (let round = 0; round < 1201; round++) {
      const message = Uint8Array.of(round & 0xff, round >> 8);
      expect(called.receive(caller.send([message])).messages).to.deep.equal([message]);
      if (round % 3 === 0) expect(caller.receive(called.send([message])).messages).to.deep.equal([message]);
    }
  });
  it("RELIABILITY K11: fails on any changed bit, gives what came before it, and takes nothing more", () => {
    for (const [at, code] of [
      [1, "bad_length"],
      [17, "bad_length"],
      [18, "bad_message"],
      [36, "bad_message"],
    ] as const) {
      const { caller, called } = connected();
      const first = caller.send([fromHex("01")]);
      const second = caller.send([fromHex("020202")]);
      second[at] = (second[at] as number) ^ 0x10;
      const received = called.receive(concat(first, second));
      expect(received.messages).to.deep.equal([fromHex("01")]);
      expect(received.state).to.deep.equal({ tag: "Failed", fault: { code } });
      expect(called.receive(caller.send([fromHex("03")]))).to.deep.equal({ ...received, messages: [] });
      expect(() => called.send([fromHex("04")])).to.throw("after the handshake");
    }
  });
  it("CONFORMANCE 21: each nonce is four zero bytes and the count of its key in little endian, over nothing but the message", () => {
    const [chainingKey, key] = [fromHex("11".repeat(32)), fromHex("22".repeat(32))];
    const counted = new PacketKey(chainingKey, key);
    for (let packet = 0; packet < 300; packet++) {
      const sealed = sealPackets(counted, [fromHex("c0ffee")]);
      const nonce = (count: number) => Uint8Array.of(0, 0, 0, 0, count & 0xff, count >> 8, 0, 0, 0, 0, 0, 0);
      expect(open(key, nonce(2 * packet), new Uint8Array(0), sealed.subarray(0, 18))).to.deep.equal(fromHex("0003"));
      expect(open(key, nonce(2 * packet + 1), new Uint8Array(0), sealed.subarray(18))).to.deep.equal(fromHex("c0ffee"));
    }
  });
  it("CONFORMANCE 22: the length has 18 bytes of its own in front of the message and its tag", () => {
    for (const length of [0, 1, 300, 65_535]) {
      const keys = [0, 1].map(() => new PacketKey(fromHex("11".repeat(32)), fromHex("22".repeat(32))));
      const packet = sealPackets(keys[0] as PacketKey, [new Uint8Array(length)]);
      expect(packet.length).to.equal(18 + length + 16);
      expect(openHeader(keys[1] as PacketKey, packet.subarray(0, 18))).to.equal(length + 16);
    }
  });
  it("fails on a replayed packet", () => {
    const { caller, called } = connected();
    const packet = caller.send([fromHex("01")]);
    called.receive(packet);
    expect(called.receive(packet).state).to.deep.equal({ tag: "Failed", fault: { code: "bad_length" } });
  });
  it("refuses a node id that is no point, and to send before the handshake is over", () => {
    expect(noiseInitiator(secrets(1, 2), fromHex(`02${"00".repeat(31)}05`))).to.equal(undefined);
    expect(() => noiseResponder(secrets(1, 2)).send([fromHex("00")])).to.throw("after the handshake");
  });
  it("never throws, whatever a stranger sends", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, calling) => {
        const begun = calling ? noiseInitiator(secrets(5, 6), point(7))?.session : noiseResponder(secrets(5, 6));
        const { state } = (begun as NoiseSession).receive(bytes);
        expect(state.tag).to.equal(bytes.length < 50 ? "Handshake" : "Failed");
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});

describe("CONFORMANCE 20, RELIABILITY K11: an act that was changed", () => {
  const begin = (): ReturnType<typeof noiseInitiator> => noiseInitiator(secrets(0x41, 0x42), point(0x31));
  const called = () => noiseResponder(secrets(0x31, 0x32));
  const begun = begin();
  if (begun === undefined) throw new Error("a point");
  const [one, two] = [begun.send, called().receive(begun.send).send];
  const acts = { one, two, three: begun.session.receive(two).send };
  /** A side that awaits this act. */
  function awaiting(act: keyof typeof acts): NoiseSession {
    if (act === "two") return begin()?.session as NoiseSession;
    const session = called();
    if (act === "three") session.receive(one);
    return session;
  }
  for (const [act, bytes] of [
    ["one", 50],
    ["two", 50],
    ["three", 66],
  ] as const)
    it(`is of ${bytes} bytes, and one bit of act ${act} ends the handshake without an answer, whichever it is`, () => {
      const { [act]: right } = acts;
      expect(right.length).to.equal(bytes);
      expect(right[0]).to.equal(0);
      for (let bit = 0; bit < bytes * 8; bit++) {
        const wrong = Uint8Array.from(right, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const received = awaiting(act).receive(wrong);
        expect([received.state.tag, received.send.length, received.messages.length], `bit ${bit}`).to.deep.equal([
          "Failed",
          0,
          0,
        ]);
      }
    });
});
