import { expect } from "chai";
import type { IncomingHtlc } from "../../../channels/index.ts";
import { buildOnion, type Peeled } from "../../../routing/index.ts";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { type ChannelId, channelId, nodeId, paymentHash, shortChannelId } from "../../../src/base/ids.ts";
import { cltvExpiry, msat, unixMs } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { staticKeyOf } from "../../../src/crypto/static-key.ts";
import { Intake } from "../../../src/daemon/payment/intake.ts";
import { createTurns, type Turn } from "../../../src/daemon/turn.ts";

const CHANNEL = channelId(sha256(Uint8Array.of(1)));
const OTHER = channelId(sha256(Uint8Array.of(2)));
const KEY = staticKeyOf(sha256(Uint8Array.of(3)));
const AMOUNT = msat(5_000n);
const EXPIRY = cltvExpiry(500);

function htlcs(count: number, channel: ChannelId = CHANNEL): IncomingHtlc[] {
  return Array.from({ length: count }, (_, id) => {
    const hash = paymentHash(sha256(Uint8Array.of(4, id >> 8, id & 0xff)));
    const hop = {
      nodeId: nodeId(KEY.publicKey),
      shortChannelId: shortChannelId(1, 1, 1),
      amount: AMOUNT,
      expiry: EXPIRY,
    };
    const content = { paymentSecret: new Uint8Array(32), paymentMetadata: undefined, customRecords: [] };
    const packet = buildOnion({ hops: [hop] }, sha256(Uint8Array.of(5, id & 0xff)), hash, content);
    if (!packet.ok) throw new Error(packet.error.code);
    const { onion } = packet.value;
    return {
      channelId: channel,
      id: BigInt(id),
      amount: AMOUNT,
      paymentHash: hash,
      expiry: EXPIRY,
      onion,
      mustFail: undefined,
    };
  });
}

function intake() {
  const clock = virtualClock(unixMs(0));
  const turns = createTurns({ clock, store: memoryDisk().open(), onHalt: (error) => expect.fail(String(error)) });
  let opened = 0;
  const nodeKey = {
    publicKey: KEY.publicKey,
    ecdh: (point: Uint8Array) => {
      opened++;
      return KEY.ecdh(point);
    },
  };
  const decided: { readonly turn: Turn; readonly id: bigint; readonly tag: Peeled["tag"] }[] = [];
  const answered = new Set<bigint>();
  const one = new Intake({ clock, turns, signer: { nodeKey }, policy: {} } as never, {
    isUnresolved: ({ id }) => !answered.has(id),
    decide: (turn, htlc, { tag }) => decided.push({ turn, id: htlc.id, tag }),
  });
  return { clock, turns, one, decided, answered, opened: () => opened };
}
const ids = (count: number): bigint[] => Array.from({ length: count }, (_, id) => BigInt(id));

describe("incoming HTLCs on their way to a decision", () => {
  it("have their onions opened before a commitment holds them, once, and not in the turn that they come in", async () => {
    const { clock, turns, one, decided, opened } = intake();
    const list = htlcs(3);
    for (const { onion, paymentHash: hash } of list) one.arrived(onion, hash);
    expect(opened()).to.equal(0);
    await clock.step();
    expect(opened()).to.equal(3);
    turns.run((turn) => {
      for (const htlc of list) one.committed(turn, htlc);
    });
    expect([opened(), decided.map(({ id, tag }) => [id, tag])]).to.deep.equal([3, ids(3).map((id) => [id, "Final"])]);
  });

  it("are opened when they are decided if nobody had the time before, as after a restart", () => {
    const { turns, one, decided, opened } = intake();
    const list = htlcs(2);
    turns.run((turn) => {
      for (const htlc of list) one.committed(turn, htlc);
    });
    expect([opened(), decided.length]).to.deep.equal([2, 2]);
  });

  it("are decided in order, a portion in each turn, and those that come later behind those that wait", async () => {
    const { clock, turns, one, decided } = intake();
    const list = htlcs(100);
    turns.run((turn) => {
      for (const htlc of list.slice(0, 70)) one.committed(turn, htlc);
    });
    expect([decided.length, one.isDeciding(CHANNEL), one.isDeciding(OTHER)]).to.deep.equal([32, true, false]);
    turns.run((turn) => {
      for (const htlc of list.slice(70)) one.committed(turn, htlc);
    });
    expect(decided.length).to.equal(32);
    await clock.runUntil(unixMs(0));
    expect(one.isDeciding(CHANNEL)).to.equal(false);
    expect(decided.map(({ id }) => id)).to.deep.equal(ids(100));
    const turnsUsed = [...new Set(decided.map(({ turn }) => turn))];
    expect(turnsUsed.map((turn) => decided.filter((each) => each.turn === turn).length)).to.deep.equal([32, 32, 32, 4]);
  });

  it("are decided once, however often a channel tells of them before that: a second decision would forward them twice", async () => {
    const { clock, turns, one, decided } = intake();
    const before = htlcs(40, OTHER);
    const list = htlcs(5);
    turns.run((turn) => {
      for (const htlc of before) one.committed(turn, htlc);
    });
    for (let times = 0; times < 2; times++)
      turns.run((turn) => {
        for (const htlc of list) one.committed(turn, htlc);
      });
    expect([one.isDeciding(OTHER), one.isDeciding(CHANNEL)]).to.deep.equal([true, true]);
    await clock.runUntil(unixMs(0));
    expect([one.isDeciding(OTHER), one.isDeciding(CHANNEL)]).to.deep.equal([false, false]);
    expect(decided.map(({ id }) => id)).to.deep.equal([...ids(40), ...ids(5)]);
  });

  it("are passed over if they were told again and are answered meanwhile: to pass them on anew would be paid for by nobody", async () => {
    const { clock, turns, one, decided, answered } = intake();
    turns.run((turn) => {
      for (const htlc of htlcs(40)) one.committed(turn, htlc);
    });
    for (const id of [33n, 35n]) answered.add(id);
    await clock.runUntil(unixMs(0));
    expect(decided.map(({ id }) => id)).to.deep.equal(ids(40).filter((id) => !answered.has(id)));
    expect(one.isDeciding(CHANNEL)).to.equal(false);
  });

  it("are left alone once the node has stopped, when there is nobody left who could open an onion", async () => {
    const { clock, turns, one, opened } = intake();
    for (const { onion, paymentHash: hash } of htlcs(1)) one.arrived(onion, hash);
    turns.stop();
    await clock.step();
    expect(opened()).to.equal(0);
  });
});
