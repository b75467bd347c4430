import { expect } from "chai";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, unixMs } from "../../../src/base/units.ts";
import { HTLC_TIMING, type NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { SiteHost, UNPAID_MAX } from "../../../src/daemon/stream/site-host.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import { parseOffers, parseTerms } from "../../../src/streams/messages.ts";
import { parseSessionId, type SessionId } from "../../../src/streams/session.ts";
import { encodeTickRecord } from "../../../src/streams/ticket.ts";
import { CHANNEL, NODES, T0 } from "../../payments/fixture.ts";
import { HEIGHT, LISTING, MASTER } from "../../streams/pair.ts";

const idOf = (number: number): SessionId =>
  present(parseSessionId(number.toString(16).padStart(64, "0")), "a session id");

/** A site with one film that is asked by anybody. */
function site(clock = virtualClock(unixMs(T0)), disk = memoryDisk()) {
  const store = disk.open();
  const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
  const events = createEvents(store);
  const signer = { streamMaster: MASTER, signAsNode: () => ({ signature: new Uint8Array(64), recovery: 0 }) };
  const ctx = { self: NODES.dave, clock, store, turns, events, signer, policy: { timing: HTLC_TIMING } };
  const host = new SiteHost(ctx as unknown as NodeContext, () => ({ height: HEIGHT, isBehind: false }));
  turns.run((turn) => host.streams.put(turn, LISTING.id, LISTING));
  const ask = async (name: string, session: number, body: object = {}): Promise<unknown> => {
    const answer = host.request(name, { session: idOf(session), ...body });
    await clock.runUntil(unixMs(clock.now() + 1));
    return answer;
  };
  const open = (session: number) => ask("stream.open", session, { stream: LISTING.id, payer: NODES.self });
  const isKnown = async (session: number): Promise<boolean> =>
    !JSON.stringify(await ask("stream.key", session, { slot: 19 })).includes("unknown_session");
  const payTick = async (session: number): Promise<void> => {
    const terms = parseTerms(await open(session));
    const offered = parseOffers(await ask("stream.offers", session, { sequence: "0", attempt: 1, ticks: [[0]] }));
    if (!terms.ok || !offered.ok) throw new Error("terms and offers");
    const { amount, paymentHash } = present(offered.value.offers[0], "an offer");
    const record = encodeTickRecord({ session: idOf(session), sequence: 0n, cumulative: amount });
    const expiry = cltvExpiry(HEIGHT + HTLC_TIMING.minFinalCltvExpiryDelta);
    const payload = {
      amtToForward: amount,
      outgoingCltvValue: expiry,
      paymentSecret: terms.value.paymentSecret,
      totalMsat: amount,
      paymentMetadata: undefined,
      keysendPreimage: undefined,
      customRecords: [record],
    };
    const sharedSecret = new Uint8Array(32);
    const htlc = { channelId: CHANNEL, htlcId: 0n, amount, paymentHash, expiry, sharedSecret, payload };
    turns.run((turn) => expect(host.tick(turn, htlc)?.map(({ tag }) => tag)).to.deep.equal(["FulfillHtlc"]));
    await clock.runUntil(clock.now());
  };
  const log = () => events.after(0, 100).map(({ type }) => type);
  /** The same site, after its daemon has ended and started. */
  const again = async () => {
    await store.close();
    return site(clock, disk);
  };
  return { ask, open, isKnown, payTick, log, again };
}

describe("Site host: sessions that have paid nothing", () => {
  it("are so many at most: beyond them the one that was not heard of for longest is forgotten", async function () {
    this.timeout(30_000);
    const { open, isKnown, payTick, log } = site();
    for (let session = 0; session < UNPAID_MAX; session++) void open(session);
    await payTick(0);
    expect(await isKnown(1)).to.equal(true);
    await open(UNPAID_MAX);
    expect(await isKnown(2), "there was room for one").to.equal(true);
    await open(UNPAID_MAX + 1);
    const known = [0, 1, 2, 3, 4, UNPAID_MAX, UNPAID_MAX + 1];
    expect(await Promise.all(known.map(isKnown))).to.deep.equal([true, true, true, false, true, true, true]);
    expect(log()).to.deep.equal([]);
  });
  it("count over a restart", async function () {
    this.timeout(30_000);
    const { open, payTick, again } = site();
    await payTick(0);
    await open(UNPAID_MAX);
    await Promise.all(Array.from({ length: UNPAID_MAX - 1 }, (_, at) => open(at + 1)));
    const later = await again();
    await later.open(UNPAID_MAX + 1);
    const known = [0, 1, UNPAID_MAX, UNPAID_MAX + 1];
    expect(await Promise.all(known.map(later.isKnown))).to.deep.equal([true, true, false, true]);
  });
  it("leave nothing in the log when they end, and others do", async () => {
    const { ask, open, payTick, log } = site();
    await open(1);
    await ask("stream.close", 1);
    expect(log()).to.deep.equal([]);
    await payTick(2);
    await ask("stream.close", 2);
    await ask("stream.close", 2);
    expect(log()).to.deep.equal(["stream.session_closed"]);
  });
});
