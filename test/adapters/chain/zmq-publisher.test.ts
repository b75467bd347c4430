import { expect } from "chai";
import { openPublisher, type Publisher } from "../../../src/adapters/chain/zmq/publisher.ts";
import { concat, fromHex, toHex, utf8 } from "../../../src/base/bytes.ts";
import type { Connection } from "../../../src/ports/network.ts";
import { noLog, type TestClock, testClock, testNetwork } from "./world.ts";

/** Signature, version 3.0, NULL. */
const GREETING = fromHex(`ff00000000000000017f0300${"4e554c4c".padEnd(40, "0")}${"00".repeat(32)}`);
const READY_AS = (type: string): Uint8Array => {
  const body = concat(utf8("\x05READY\x0bSocket-Type\0\0\0"), Uint8Array.of(type.length), utf8(type));
  return concat(Uint8Array.of(4, body.length), body);
};
/** A short frame: flags, then text. */
const frame = (flags: number, text: string): Uint8Array => concat(Uint8Array.of(flags, text.length), utf8(text));
const SUBSCRIBER = concat(GREETING, READY_AS("SUB"));

interface Guest {
  readonly connection: Connection;
  /** What came since the last look. */
  read(): string;
  readonly isClosed: () => boolean;
}

describe("ZeroMQ: a publisher and its subscribers", () => {
  let clock: TestClock;
  let publisher: Publisher;
  let dial: () => Promise<Connection>;
  beforeEach(async () => {
    clock = testClock();
    const network = testNetwork(clock);
    publisher = await openPublisher({
      network,
      clock,
      log: noLog,
      address: { host: "127.0.0.1", port: 1 },
      waitingMax: 100,
    });
    dial = () => network.dial(publisher.address);
  });
  afterEach(() => publisher.close());
  const guest = async (...says: readonly Uint8Array[]): Promise<Guest> => {
    const dialling = dial();
    clock.run();
    const connection = await dialling;
    let heard: Uint8Array = new Uint8Array(0);
    let closed = false;
    const data = (bytes: Uint8Array): void => {
      heard = concat(heard, bytes);
    };
    const hangUp = (): void => {
      closed = true;
    };
    connection.attach({ data, closed: hangUp });
    connection.send(concat(...says));
    clock.run();
    const read = (): string => {
      clock.run();
      const text = toHex(heard);
      heard = new Uint8Array(0);
      return text;
    };
    return { connection, read, isClosed: () => closed };
  };
  const publish = (topic: string, body: string): void => publisher.publish(topic, () => [utf8(body)]);
  const arrived = (topic: string, body: string): string => toHex(concat(frame(1, topic), frame(0, body)));

  it("greets as ZMTP 3.1 with NULL, and says that it publishes", async () => {
    const { read } = await guest(SUBSCRIBER);
    expect(read()).to.equal(
      `ff00000000000000017f0301${"4e554c4c".padEnd(40, "0")}${"00".repeat(32)}` +
        `0419${toHex(utf8("\x05READY\x0bSocket-Type"))}00000003505542`,
    );
  });
  it("takes subscriptions as messages of ZMTP 3.0 and as commands of 3.1, byte by byte, and takes them back", async () => {
    const kinds = [
      { subscribe: frame(0, "\x01raw"), cancel: frame(0, "\0raw") },
      { subscribe: frame(4, "\x09SUBSCRIBEraw"), cancel: frame(4, "\x06CANCELraw") },
    ];
    for (const { subscribe, cancel } of kinds) {
      const { connection, read } = await guest(GREETING, READY_AS("XSUB"));
      for (const byte of concat(subscribe, subscribe, cancel)) connection.send(Uint8Array.of(byte));
      read();
      publish("rawtx", "a");
      publish("hashtx", "b");
      expect(read(), "one of two subscriptions is left").to.equal(arrived("rawtx", "a"));
      connection.send(cancel);
      read();
      publish("rawtx", "c");
      expect(read()).to.equal("");
    }
  });
  it("sends what is long with eight bytes of length", async () => {
    const { read } = await guest(SUBSCRIBER, frame(0, "\x01"));
    read();
    publish("rawblock", "x".repeat(256));
    expect(read()).to.equal(`${toHex(frame(1, "rawblock"))}020000000000000100${"78".repeat(256)}`);
  });
  it("makes nothing where nobody listens", () => {
    publisher.publish("rawblock", () => expect.fail("nobody wants it"));
  });
  it("answers a ping with its context", async () => {
    const { read } = await guest(SUBSCRIBER, frame(4, "\x04PING\0\0here"));
    expect(read()).to.match(new RegExp(`${toHex(frame(4, "\x04PONGhere"))}$`));
  });
  it("parts with whoever speaks something else, says too much, or nothing", async () => {
    const curve = GREETING.slice();
    curve.set(utf8("CURVE"), 12);
    const old = GREETING.slice();
    old[10] = 2;
    const strangers: Readonly<Record<string, readonly Uint8Array[]>> = {
      "an HTTP client": [utf8("GET / HTTP/1.1\r\n")],
      "ZMTP 2": [old.subarray(0, 12)],
      "another mechanism": [curve],
      "a publisher": [GREETING, READY_AS("PUB")],
      "READY with a length beyond its end": [GREETING, frame(4, "\x05READY\x0bSocket-Type\x7f\0\0\x03SUB")],
      "a command without a name": [GREETING, frame(4, "\x7fREADY")],
      "a subscription before READY": [GREETING, frame(0, "\x01raw")],
      "READY twice": [SUBSCRIBER, READY_AS("SUB")],
      "reserved flags": [SUBSCRIBER, frame(8, "")],
      "a frame that is too long": [SUBSCRIBER, fromHex("020000000000001001")],
      "a frame of 2^64 - 1 bytes": [SUBSCRIBER, fromHex(`02${"ff".repeat(8)}`)],
      "an error": [SUBSCRIBER, frame(4, "\x05ERROR\x01x")],
      "too many subscriptions": [
        SUBSCRIBER,
        ...Array.from({ length: 257 }, (_, at) => frame(0, `\x01${String.fromCharCode(at >> 2, at & 3)}`)),
      ],
    };
    for (const [name, says] of Object.entries(strangers)) {
      const { isClosed } = await guest(...says);
      clock.run();
      expect(isClosed(), name).to.equal(true);
    }
    const [silent, good] = [await guest(GREETING), await guest(SUBSCRIBER)];
    clock.pass(9_999);
    expect([silent.isClosed(), good.isClosed()]).to.deep.equal([false, false]);
    clock.pass(1);
    expect([silent.isClosed(), good.isClosed()]).to.deep.equal([true, false]);
  });
  it("has room for 64, and for another one when one of them leaves", async () => {
    const guests: Guest[] = [];
    for (let i = 0; i < 65; i++) guests.push(await guest(SUBSCRIBER));
    clock.run();
    expect(guests.map(({ isClosed }) => isClosed()).lastIndexOf(true)).to.equal(64);
    guests[0]?.connection.close();
    clock.run();
    expect((await guest(SUBSCRIBER)).isClosed()).to.equal(false);
  });
  it("keeps so many messages for one that does not read, and goes on with what comes after that", async () => {
    const { connection, read } = await guest(SUBSCRIBER, frame(0, "\x01"));
    const quick = await guest(SUBSCRIBER, frame(0, "\x01"));
    read();
    quick.read();
    connection.pause();
    publish("big", "x".repeat(1_000_000));
    for (let i = 0; i < 102; i++) publish("small", String(i));
    const pass = (): void => {
      for (let i = 0; i < 3; i++) clock.pass(20);
    };
    const all = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, i) => arrived("small", String(from + i))).join("");
    pass();
    expect(quick.read().endsWith(all(0, 100))).to.equal(true);
    connection.resume();
    pass();
    const late = read();
    expect(late.endsWith(all(0, 100))).to.equal(true);
    publish("small", "later");
    expect(read()).to.equal(arrived("small", "later"));
  });
});
