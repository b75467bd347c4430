import { expect } from "chai";
import { DEFAULT_POLICY, type OfferHtlcInput } from "../../../channels/index.ts";
import { emptyGraph, type LocalChannel } from "../../../routing/index.ts";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { type NodeId, nodeId, type PaymentHash, paymentHash, shortChannelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, type Msat, msat, unixMs } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { HTLC_TIMING } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { PaymentHost } from "../../../src/daemon/payment/host.ts";
import { WAITING_MAX } from "../../../src/daemon/payment/waiting-room.ts";
import { createTurns } from "../../../src/daemon/turn.ts";

const id = (seed: number): NodeId => nodeId(secp256k1.publicKey(sha256(Uint8Array.of(seed))));
const [US, PEER] = [id(1), id(2)];
const hash = (seed: number): PaymentHash => paymentHash(sha256(Uint8Array.of(seed >> 8, seed & 0xff)));
const CHANNEL = { shortChannelId: shortChannelId(100, 1, 0), peer: PEER, htlcMinimum: msat(1n) };
const AMOUNT = msat(1_000_000n);

/** A host whose one channel carries what it is told to. */
function payer() {
  const clock = virtualClock(unixMs(1_700_000_000_000));
  const store = memoryDisk().open();
  const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
  const channel = { spendable: msat(0n), isMakingRoom: true };
  const chain = { isBehind: false };
  const offered: PaymentHash[] = [];
  const apply = (_turn: unknown, _entry: unknown, input: OfferHtlcInput): void => {
    offered.push(input.paymentHash);
    channel.spendable = msat(channel.spendable - input.amount);
  };
  const ctx = {
    self: US,
    clock,
    turns,
    store,
    random: seededRandom(1),
    chain: { staleSince: () => undefined },
    policy: { timing: HTLC_TIMING, channel: DEFAULT_POLICY },
    events: createEvents(store),
  };
  const local = (): LocalChannel => ({ ...CHANNEL, spendable: channel.spendable });
  const host = new PaymentHost({
    ctx: ctx as never,
    channels: () => ({ table: { byScid: () => ({}) }, apply }) as never,
    graph: emptyGraph(),
    height: () => blockHeight(200),
    isBehind: () => chain.isBehind,
    localChannels: () => [local()],
    localChannelsSoon: () => (channel.isMakingRoom ? [{ ...CHANNEL, spendable: msat(100n * AMOUNT) }] : []),
    tickEnded: () => undefined,
  });
  const pay = (seed: number, amount: Msat = AMOUNT): void =>
    turns.run((turn) => {
      const request = {
        paymentHash: hash(seed),
        payee: PEER,
        amount,
        paymentSecret: new Uint8Array(32),
        paymentMetadata: undefined,
        minFinalCltvExpiryDelta: 18,
        routeHints: [],
        maxFee: msat(0n),
        deadline: unixMs(clock.now() + 5_000),
        customRecords: [],
        purpose: { tag: "Invoice", bolt11: "", idempotencyKey: "" } as const,
      };
      expect(host.pay(turn, request).ok).to.equal(true);
    });
  const makeRoom = (amount: bigint): void => {
    channel.spendable = msat(channel.spendable + amount);
    turns.run((turn) => host.roomMade(turn));
  };
  const state = (seed: number): string => {
    const payment = present(host.payments.get(hash(seed)), "a payment");
    return payment.tag === "Failed" ? payment.failure.code : payment.tag;
  };
  return { clock, channel, chain, offered, pay, makeRoom, restart: () => host.start(), state };
}

describe("payments for which a channel has no room at the moment", () => {
  it("begin in the order they came, each when there is room for it", () => {
    const { offered, pay, makeRoom, state } = payer();
    for (const seed of [1, 2, 3]) pay(seed);
    expect([offered, [1, 2, 3].map(state)]).to.deep.equal([[], ["Routing", "Routing", "Routing"]]);
    makeRoom(AMOUNT - 1n);
    expect(offered, "a millisatoshi too little").to.deep.equal([]);
    makeRoom(AMOUNT + 1n);
    expect([offered, [1, 2, 3].map(state)]).to.deep.equal([
      [hash(1), hash(2)],
      ["InFlight", "InFlight", "Routing"],
    ]);
    makeRoom(AMOUNT);
    expect(offered).to.deep.equal([hash(1), hash(2), hash(3)]);
  });

  it("fail when nothing is about to make any: at once, or when that has come to nothing", () => {
    const { channel, offered, pay, makeRoom, state } = payer();
    pay(1);
    channel.isMakingRoom = false;
    pay(2);
    expect([1, 2].map(state)).to.deep.equal(["Routing", "no_route"]);
    makeRoom(0n);
    expect([offered, state(1)]).to.deep.equal([[], "no_route"]);
  });

  it("wait until their own time is over, and no longer", async () => {
    const { clock, offered, pay, makeRoom, state } = payer();
    pay(1);
    await clock.runUntil(unixMs(clock.now() + 4_999));
    pay(2);
    expect(state(1)).to.equal("Routing");
    await clock.runUntil(unixMs(clock.now() + 1));
    expect([1, 2].map(state)).to.deep.equal(["timeout", "Routing"]);
    makeRoom(2n * AMOUNT);
    expect(offered).to.deep.equal([hash(2)]);
    await clock.runUntil(unixMs(clock.now() + 10_000));
    expect(state(2), "no clock ends what is in flight").to.equal("InFlight");
  });

  it("are not held up by one before them that wants more than there is", () => {
    const { offered, pay, makeRoom, state } = payer();
    pay(1, msat(10n * AMOUNT));
    pay(2, msat(11n * AMOUNT));
    for (const seed of [3, 4]) pay(seed);
    makeRoom(AMOUNT);
    expect([offered, [1, 2, 3, 4].map(state)]).to.deep.equal([
      [hash(3)],
      ["Routing", "Routing", "InFlight", "Routing"],
    ]);
    makeRoom(11n * AMOUNT);
    expect(offered).to.deep.equal([hash(3), hash(1), hash(4)]);
  });

  it("are so many at most: one more fails at once, and says why, until one of those has gone", async () => {
    const { clock, offered, pay, makeRoom, state } = payer();
    for (let seed = 1; seed <= WAITING_MAX; seed++) pay(seed);
    pay(WAITING_MAX + 1);
    // They set out in portions.
    await clock.runUntil(clock.now());
    expect([WAITING_MAX, WAITING_MAX + 1].map(state)).to.deep.equal(["Routing", "too_many_waiting"]);
    makeRoom(AMOUNT);
    pay(WAITING_MAX + 2);
    await clock.runUntil(clock.now());
    expect([offered, state(WAITING_MAX + 2)]).to.deep.equal([[hash(1)], "Routing"]);
  });

  it("do not set out while blocks are not heard that there are: their HTLCs would have less time than they seem to have", () => {
    const { chain, offered, pay, makeRoom, state } = payer();
    pay(1);
    chain.isBehind = true;
    makeRoom(3n * AMOUNT);
    pay(2);
    chain.isBehind = false;
    pay(3);
    expect([offered, [1, 2, 3].map(state)]).to.deep.equal([[hash(3)], ["stale_tip", "stale_tip", "InFlight"]]);
  });

  it("leave the queue whatever moves them on: the node goes on when there is room again", async () => {
    const { clock, channel, offered, pay, makeRoom, restart, state } = payer();
    pay(1);
    await clock.runUntil(clock.now());
    // What is under way when the node starts is tried again a moment later.
    restart();
    channel.spendable = AMOUNT;
    await clock.runUntil(unixMs(clock.now() + 1_500));
    expect([offered, state(1)]).to.deep.equal([[hash(1)], "InFlight"]);
    makeRoom(0n);
    await clock.runUntil(unixMs(clock.now() + 10_000));
    expect(state(1)).to.equal("InFlight");
  });

  it("are not taken in again by a search that was asked for before they left", async () => {
    const { clock, offered, pay, makeRoom, restart, state } = payer();
    // One more than sets out on one turn of the loop.
    const seeds = Array.from({ length: 33 }, (_, at) => at + 1);
    for (const seed of seeds) pay(seed);
    await clock.runUntil(clock.now());
    restart();
    clock.after(1_500, () => makeRoom(33n * AMOUNT));
    await clock.runUntil(unixMs(clock.now() + 1_500));
    expect([offered.length, new Set(seeds.map(state))]).to.deep.equal([33, new Set(["InFlight"])]);
    makeRoom(0n);
    await clock.runUntil(unixMs(clock.now() + 10_000));
    expect([offered.length, new Set(seeds.map(state))]).to.deep.equal([33, new Set(["InFlight"])]);
  });
});
