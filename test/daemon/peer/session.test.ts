import { expect } from "chai";
import { unixMs } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";
import { decodeMessage, type WireMessage } from "../../../src/wire/registry.ts";
import { SECOND, twoSessions, wireTo } from "../two-sessions.ts";

const PING = 18;
const PONG = 19;
const warning: WireMessage = {
  name: "warning",
  channel_id: CHAINS.regtest.genesisHash as never,
  data: new Uint8Array(0),
};
const WARNING = 1;

describe("peer session: a silent peer (CONFORMANCE 16)", () => {
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
  it("is all that leaves until the peer's has come, and a peer that never says it is given up", async () => {
    const { until, types, ended } = await wireTo();
    await until(9 * SECOND);
    expect({ types, ended }).to.deep.equal({ types: [16], ended: [] });
    await until(11 * SECOND);
    expect({ types, ended }).to.deep.equal({ types: [16], ended: ["b: setup took too long"] });
  });
  it("and whatever a peer says before it is refused unread, with a warning", async () => {
    const { until, say, types, ended, heard } = await wireTo();
    say(warning);
    await until(SECOND);
    expect({ types, ended, heard }).to.deep.equal({ types: [16, WARNING], ended: ["b: init comes first"], heard: [] });
  });
});

/** What everybody has, and nothing else. */
const ASSUMED = [0, 8, 12, 14, 44];

describe("CONFORMANCE 1: a message of a type that nobody knows", () => {
  it("ends the connection when the type is even, and says so", async () => {
    for (const type of [0xc000, 4]) {
      const { clock, sent, ended, a } = await twoSessions();
      a.sendBytes(Uint8Array.of(type >> 8, type & 0xff, 1, 2, 3));
      await clock.runUntil(unixMs(2 * SECOND));
      expect(ended).to.deep.equal([`b: unknown message ${type}`, "a: connection lost"]);
      expect(sent.filter((line) => line.startsWith("b "))).to.deep.equal([`b ${WARNING} at 0 s`]);
    }
  });
  it("is passed over when the type is odd, whatever is in it", async () => {
    const { clock, sent, heard, ended, a } = await twoSessions();
    for (const type of [0xc001, 5]) a.sendBytes(Uint8Array.of(type >> 8, type & 0xff, 0xff, 0xff));
    a.sendBytes(new Uint8Array(65_535).fill(0x81));
    a.send(warning);
    await clock.runUntil(unixMs(2 * SECOND));
    expect({ heard, ended }).to.deep.equal({ heard: ["b warning"], ended: [] });
    expect(sent.filter((line) => line.startsWith("b "))).to.deep.equal([]);
  });
  it("and bytes without a type end the connection", async () => {
    const { clock, ended, a } = await twoSessions();
    a.sendBytes(Uint8Array.of(1));
    await clock.runUntil(unixMs(2 * SECOND));
    expect(ended).to.deep.equal(["b: no_type", "a: connection lost"]);
  });
});

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

describe("CONFORMANCE 16: ping", () => {
  const ping = (num_pong_bytes: number): WireMessage => ({
    name: "ping",
    num_pong_bytes,
    ignored: new Uint8Array(7).fill(7),
  });
  it("is answered by exactly so many bytes as were asked for, all zero, and by nothing from 65,532 on", async () => {
    const { until, say, frames } = await wireTo();
    say({ name: "init", globalfeatures: new Uint8Array(0), features: featureBits(OFFERED.init) });
    for (const bytes of [0, 1, 300, 65_531, 65_532, 65_533, 65_535]) say(ping(bytes));
    await until(SECOND);
    const pongs = frames
      .map(decodeMessage)
      .flatMap((read) => (read.ok && read.value.name === "pong" ? [read.value] : []));
    expect(pongs.map(({ ignored }) => ignored)).to.deep.equal(
      [0, 1, 300, 65_531].map((length) => new Uint8Array(length)),
    );
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

  it("never has more waiting for a peer than the limit, and says once that the connection is over", async () => {
    const { clock, ended, b } = await twoSessions();
    const frame = new Uint8Array(60_000);
    for (let round = 0; round < 1_000; round++) b.sendBytes(frame);
    expect(b.queuedBytes).to.equal(0);
    await clock.runUntil(unixMs(2 * SECOND));
    expect(ended.filter((line) => line.startsWith("b: "))).to.deep.equal(["b: asks for more than it reads"]);
  });

  it("ends the connection of a peer that stops reading, once: sooner where no channel has cost it anything", async () => {
    const heldBy = async (strangers: boolean): Promise<unknown> => {
      const { clock, wires, ended, b } = await twoSessions(OFFERED.init, { strangers });
      wires.hold("a", "b");
      const frame = new Uint8Array(60_000);
      let most = 0;
      for (let round = 0; round < 300; round++) {
        b.sendBytes(frame);
        await clock.runUntil(unixMs(clock.now() + 1));
        most = Math.max(most, Math.floor(b.queuedBytes / frame.length));
      }
      return [ended, most];
    };
    expect(await heldBy(false)).to.deep.equal([["b: does not read"], 139]);
    expect(await heldBy(true)).to.deep.equal([["b: does not read"], 17]);
  });
});
