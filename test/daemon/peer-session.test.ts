import { expect } from "chai";
import { virtualClock } from "../../src/adapters/memory/clock.ts";
import { memoryNetwork } from "../../src/adapters/memory/network.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { nodeId } from "../../src/base/ids.ts";
import { unixMs } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { noiseInitiator } from "../../src/crypto/noise.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { type PeerSession, type SessionWorld, startPeerSession } from "../../src/daemon/peer-session.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { encodeMessage, type WireMessage } from "../../src/wire/registry.ts";

const SECRETS = { a: sha256(Uint8Array.of(1)), b: sha256(Uint8Array.of(2)) };
const SECOND = 1_000;
/** Handshake and `init`, with the delays of the memory network. */
const SETUP_MS = 100;

/** Two sessions in virtual time; what each sends after `init` is told with the second in which it leaves, what it hears by name. */
async function twoSessions(offered: readonly number[] = OFFERED.init) {
  const clock = virtualClock(unixMs(0));
  const random = seededRandom(7);
  const wires = memoryNetwork({ clock, random });
  const sent: string[] = [];
  const heard: string[] = [];
  const ended: string[] = [];
  const sessions: Partial<Record<"a" | "b", PeerSession>> = {};
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const world = (name: "a" | "b"): SessionWorld => ({
    clock,
    random,
    log: quiet,
    nodeKey: staticKeyOf(SECRETS[name]),
    chain: CHAINS.regtest.genesisHash,
    features: featureBits(offered),
    observe: (_peer, [high = 0, low = 0]) => {
      const type = high * 256 + low;
      if (type !== 16) sent.push(`${name} ${type} at ${Math.floor(clock.now() / SECOND)} s`);
    },
  });
  const listener = (name: "a" | "b") => ({
    ready: (session: PeerSession) => {
      sessions[name] = session;
    },
    message: (_session: PeerSession, message: WireMessage) => void heard.push(`${name} ${message.name}`),
    closed: (_session: PeerSession, reason: string) => void ended.push(`${name}: ${reason}`),
  });
  await wires.host("b").listen({ host: "b", port: 1 }, (connection) => {
    startPeerSession(world("b"), connection, undefined, listener("b"));
  });
  const dialled = wires.host("a").dial({ host: "b", port: 1 });
  await clock.runUntil(unixMs(SETUP_MS / 2));
  startPeerSession(world("a"), await dialled, nodeId(secp256k1.publicKey(SECRETS.b)), listener("a"));
  await clock.runUntil(unixMs(SETUP_MS));
  const { a, b } = sessions;
  if (a === undefined || b === undefined) throw new Error("both sessions are open");
  return { clock, wires, sent, heard, ended, a, b };
}
const PING = 18;
const PONG = 19;
const warning: WireMessage = {
  name: "warning",
  channel_id: CHAINS.regtest.genesisHash as never,
  data: new Uint8Array(0),
};
const WARNING = 1;

describe("peer session: a silent peer", () => {
  it("is asked after a minute, by both ends, and stays as long as it answers", async () => {
    const { clock, sent, ended } = await twoSessions();
    await clock.runUntil(unixMs(130 * SECOND));
    expect(sent.slice(0, 4).sort()).to.deep.equal([
      `a ${PING} at 60 s`,
      `a ${PONG} at 60 s`,
      `b ${PING} at 60 s`,
      `b ${PONG} at 60 s`,
    ]);
    expect(sent.slice(4).sort()).to.deep.equal([
      `a ${PING} at 120 s`,
      `a ${PONG} at 120 s`,
      `b ${PING} at 120 s`,
      `b ${PONG} at 120 s`,
    ]);
    expect(ended).to.deep.equal([]);
  });

  it("is not asked for a minute after each of its messages", async () => {
    const { clock, sent, a } = await twoSessions();
    for (const at of [20, 40]) {
      await clock.runUntil(unixMs(at * SECOND));
      a.send(warning);
    }
    await clock.runUntil(unixMs(101 * SECOND));
    expect(sent.filter((line) => line.startsWith(`a ${WARNING} `))).to.deep.equal([
      `a ${WARNING} at 20 s`,
      `a ${WARNING} at 40 s`,
    ]);
    // b has heard a's warnings and its ping at 60 s, so it has nothing to ask before 120 s.
    expect(sent.filter((line) => line.startsWith(`b ${PING} `))).to.deep.equal([]);
    expect(sent.filter((line) => line.startsWith(`a ${PING} `))).to.deep.equal([`a ${PING} at 60 s`]);
  });

  it("is given up half a minute after it was asked", async () => {
    const { clock, wires, ended } = await twoSessions();
    wires.hold("a", "b");
    await clock.runUntil(unixMs(89 * SECOND));
    expect(ended).to.deep.equal([]);
    await clock.runUntil(unixMs(91 * SECOND));
    expect(ended.sort()).to.deep.equal(["a: no answer to ping", "b: no answer to ping"]);
  });
});

describe("CONFORMANCE 8: init comes first", () => {
  /** A stranger with keys of its own, behind whose handshake anything may come; what it hears is told by type. */
  async function stranger() {
    const { clock, wires, ended, heard } = await twoSessions();
    const begun = noiseInitiator(
      { local: staticKeyOf(SECRETS.a), ephemeral: sha256(SECRETS.a) },
      secp256k1.publicKey(SECRETS.b),
    );
    if (begun === undefined) throw new Error("a point");
    const types: number[] = [];
    const dialled = wires.host("a").dial({ host: "b", port: 1 });
    const until = async (ms: number) => clock.runUntil(unixMs(SETUP_MS + ms));
    await until(50);
    const connection = await dialled;
    connection.attach({
      data: (bytes) => {
        const received = begun.session.receive(bytes);
        if (received.send.length > 0) connection.send(received.send);
        types.push(...received.messages.map(([high = 0, low = 0]) => high * 256 + low));
      },
      closed: () => {},
    });
    connection.send(begun.send);
    await until(100);
    const say = (message: WireMessage) => connection.send(begun.session.send([encodeMessage(message)]));
    return { until, say, types, ended, heard };
  }

  it("is all that leaves until the peer's has come, and a peer that never says it is given up", async () => {
    const { until, types, ended } = await stranger();
    await until(9 * SECOND);
    expect({ types, ended }).to.deep.equal({ types: [16], ended: [] });
    await until(11 * SECOND);
    expect({ types, ended }).to.deep.equal({ types: [16], ended: ["b: setup took too long"] });
  });
  it("and whatever a peer says before it is refused unread, with a warning", async () => {
    const { until, say, types, ended, heard } = await stranger();
    say(warning);
    await until(SECOND);
    expect({ types, ended, heard }).to.deep.equal({ types: [16, WARNING], ended: ["b: init comes first"], heard: [] });
  });
});

/** What everybody has, and nothing else. */
const ASSUMED = [0, 8, 12, 14, 44];

describe("Peer session: a message of a feature that was not negotiated", () => {
  const channel_id = warning.channel_id;
  it("ends the connection when its type is even, and says so", async () => {
    const { clock, sent, ended, a } = await twoSessions(ASSUMED);
    a.send({ name: "tx_abort", channel_id, data: new Uint8Array(0) });
    await clock.runUntil(unixMs(2 * SECOND));
    expect(ended).to.deep.equal(["b: tx_abort was not negotiated", "a: connection lost"]);
    expect(sent.filter((line) => line.startsWith("b "))).to.deep.equal([`b ${WARNING} at 0 s`]);
  });

  it("is passed over when its type is odd", async () => {
    const { clock, heard, ended, a } = await twoSessions(ASSUMED);
    a.send({ name: "splice_locked", channel_id, splice_txid: "00".repeat(32) as never });
    a.send(warning);
    await clock.runUntil(unixMs(2 * SECOND));
    expect(heard).to.deep.equal(["b warning"]);
    expect(ended).to.deep.equal([]);
  });
});

describe("Peer session: a peer that asks for more than it reads. RELIABILITY D21", () => {
  it("answers a burst of pings, and ends the connection of one that goes on", async () => {
    const { clock, sent, ended, a } = await twoSessions();
    const ping: WireMessage = { name: "ping", num_pong_bytes: 10, ignored: new Uint8Array(0) };
    const answered = (): number => sent.filter((line) => line.startsWith(`b ${PONG} `)).length;
    for (let round = 0; round < 60; round++) a.send(ping);
    await clock.runUntil(unixMs(2 * SECOND));
    expect(answered()).to.equal(60);
    for (let round = 0; round < 60; round++) a.send(ping);
    await clock.runUntil(unixMs(4 * SECOND));
    expect(answered()).to.be.lessThan(70);
    expect(ended).to.include("b: too many pings");
  });

  it("ignores pings that ask for 65,532 bytes or more", async () => {
    const { clock, sent, ended, a } = await twoSessions();
    for (const num_pong_bytes of [65_532, 65_535]) {
      a.send({ name: "ping", num_pong_bytes, ignored: new Uint8Array(0) });
    }
    a.send({ name: "ping", num_pong_bytes: 65_531, ignored: new Uint8Array(0) });
    await clock.runUntil(unixMs(2 * SECOND));
    expect(sent.filter((line) => line.startsWith(`b ${PONG} `)).length).to.equal(1);
    expect(ended).to.deep.equal([]);
  });

  it("never has more waiting for a peer than the limit, and says once that the connection is over", async () => {
    const { clock, ended, b } = await twoSessions();
    const frame = new Uint8Array(60_000);
    for (let round = 0; round < 1_000; round++) b.sendBytes(frame);
    expect(b.queuedBytes).to.equal(0);
    await clock.runUntil(unixMs(2 * SECOND));
    expect(ended.filter((line) => line.startsWith("b: "))).to.deep.equal(["b: asks for more than it reads"]);
  });

  it("ends the connection of a peer that stops reading, once", async () => {
    const { clock, wires, ended, b } = await twoSessions();
    wires.hold("a", "b");
    const frame = new Uint8Array(60_000);
    for (let round = 0; round < 300; round++) {
      b.sendBytes(frame);
      await clock.runUntil(unixMs(clock.now() + 1));
    }
    expect(ended).to.deep.equal(["b: does not read"]);
  });
});
