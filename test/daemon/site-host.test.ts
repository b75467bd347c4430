import { expect } from "chai";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { toHex } from "../../src/base/bytes.ts";
import { blockHeight, type Msat, msat, unixMs } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { NodeContext } from "../../src/daemon/context.ts";
import { createEvents } from "../../src/daemon/events.ts";
import { SiteHost } from "../../src/daemon/site-host.ts";
import { createTurns } from "../../src/daemon/turn.ts";
import type { FinalHtlc, SettleEffect } from "../../src/payments/invoice-record.ts";
import type { PaymentRequest } from "../../src/payments/payment.ts";
import { newListing } from "../../src/streams/catalogue.ts";
import { parseOffers, parseTerms, requestBody } from "../../src/streams/messages.ts";
import { type SessionId, sessionId } from "../../src/streams/session.ts";
import { encodeTickRecord } from "../../src/streams/ticket.ts";
import { NODES, SECRETS } from "../payments/fixture.ts";
import { htlcFor } from "../streams/pair.ts";

const PRICE = 1_000n;
const idOf = (seed: number): SessionId => sessionId(sha256(Uint8Array.of(seed)));

/** A site with a film on sale, over a disk that outlives it. */
function site(disk = memoryDisk(), unpaidMax?: number) {
  const store = disk.open();
  const tasks: (() => void)[] = [];
  let now = 0;
  const clock = {
    now: () => unixMs(++now),
    after: (_ms: number, task: () => void) => {
      tasks.push(task);
      return () => {};
    },
  };
  const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
  const events = createEvents(store);
  const keychain = { nodeSecret: SECRETS.dave };
  const context = { self: NODES.dave, clock, store, turns, keychain, events } as unknown as NodeContext;
  const host = new SiteHost(context, () => blockHeight(80), unpaidMax);
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      for (const task of tasks.splice(0)) task();
      await new Promise(setImmediate);
    }
  };
  const sell = (): void => {
    const given = { id: "film", title: "Film", source: "/film", units: 20, unitSeconds: 1 };
    const listing = newListing({ ...given, priceMsatPerSecond: msat(PRICE), freeSeconds: 0 }, unixMs(0));
    turns.run((turn) => host.streams.put(turn, listing.id, listing));
  };
  const ask = async (name: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const answer = host.request(name, JSON.parse(JSON.stringify(body)));
    await settle();
    return answer;
  };
  const open = (id: SessionId) => ask("stream.open", { session: id, stream: "film", payer: NODES.self });
  const tick = (htlc: FinalHtlc): readonly SettleEffect[] | undefined => {
    let effects: readonly SettleEffect[] | undefined;
    turns.run((turn) => {
      effects = host.tick(turn, htlc);
    });
    return effects;
  };
  const logged = (): readonly string[] => events.after(0, 100).map(({ type }) => type);
  return { host, sell, ask, open, tick, settle, logged, disk };
}
type Site = ReturnType<typeof site>;

/** Opens a session and asks for its first tick; gives the payment of it. */
async function offered({ open, ask }: Site, id = idOf(1)): Promise<PaymentRequest> {
  const terms = parseTerms(await open(id));
  const request = { name: "stream.offers", session: id, sequence: 0n, attempt: 1, ticks: [[0]] } as const;
  const offers = parseOffers(await ask("stream.offers", requestBody(request)));
  if (!terms.ok || !offers.ok) throw new Error("no offer");
  const [offer] = offers.value.offers;
  if (offer === undefined) throw new Error("no offer");
  return requestOf(id, offer.paymentHash, offer.amount, terms.value.paymentSecret);
}
function requestOf(
  id: SessionId,
  paymentHash: PaymentRequest["paymentHash"],
  amount: Msat,
  paymentSecret: Uint8Array,
): PaymentRequest {
  return {
    paymentHash,
    payee: NODES.dave,
    amount,
    paymentSecret,
    paymentMetadata: undefined,
    minFinalCltvExpiryDelta: 18,
    routeHints: [],
    maxFee: msat(0n),
    deadline: unixMs(0),
    customRecords: [encodeTickRecord({ session: id, sequence: 0n, cumulative: amount })],
    purpose: { tag: "Tick", sessionId: id, sequence: 0n },
  };
}
const shown = (effects: readonly SettleEffect[] | undefined): string | undefined =>
  effects?.map((effect) => (effect.tag === "FulfillHtlc" ? "fulfilled" : `failed ${toHex(effect.reason)}`)).join(", ");

describe("Site host: ticks", () => {
  it("fulfils the tick that is due, and the same HTLC told again with the same preimage", async () => {
    const desk = site();
    desk.sell();
    const htlc = htlcFor(await offered(desk), 0n);
    expect(shown(desk.tick(htlc))).to.equal("fulfilled");
    expect(shown(desk.tick(htlc))).to.equal("fulfilled");
    await desk.settle();
    expect(desk.host.sessions.get(idOf(1))?.account.paid).to.equal(PRICE);
    expect(desk.host.streams.get("film")?.earned).to.equal(PRICE);
  });

  it("takes one tick once: a second HTLC with its hash and secret is refused", async () => {
    const desk = site();
    desk.sell();
    const request = await offered(desk);
    desk.tick(htlcFor(request, 0n));
    expect(shown(desk.tick(htlcFor(request, 1n)))).to.match(/^failed/);
    expect(desk.host.sessions.get(idOf(1))?.account.paid).to.equal(PRICE);
  });

  it("refuses with the same words a wrong secret, amount, sequence or hash: RELIABILITY I6", async () => {
    const desk = site();
    desk.sell();
    const request = await offered(desk);
    const wrong: readonly Partial<PaymentRequest>[] = [
      { paymentSecret: new Uint8Array(32).fill(1) },
      { paymentHash: "99".repeat(32) as never },
      { customRecords: [encodeTickRecord({ session: idOf(1), sequence: 1n, cumulative: request.amount })] },
      { customRecords: [encodeTickRecord({ session: idOf(1), sequence: 0n, cumulative: msat(2_000n) })] },
    ];
    const answers = wrong.map((change) => shown(desk.tick(htlcFor({ ...request, ...change }, 0n))));
    expect(new Set(answers).size, answers.join("\n")).to.equal(1);
    expect(answers[0]).to.match(/^failed/);
    expect(desk.host.sessions.get(idOf(1))?.account.paid).to.equal(0n);
    expect(desk.tick(htlcFor({ ...request, customRecords: [] }, 0n)), "not a tick at all").to.equal(undefined);
  });

  it("goes on after a start where the disk says: what was paid stays paid, the same HTLC is fulfilled again", async () => {
    const before = site();
    before.sell();
    const htlc = htlcFor(await offered(before), 0n);
    before.tick(htlc);
    await before.settle();
    before.disk.crash(0);
    const after = site(before.disk);
    expect(shown(after.tick(htlc))).to.equal("fulfilled");
    expect(after.host.sessions.get(idOf(1))?.account.paid).to.equal(PRICE);
    expect(after.host.streams.get("film")?.earned).to.equal(PRICE);
  });
});

describe("Site host: sessions that anybody may open. RELIABILITY I13", () => {
  it("keeps so many that have paid nothing, and all that have paid", async () => {
    const desk = site(memoryDisk(), 5);
    desk.sell();
    desk.tick(htlcFor(await offered(desk, idOf(0)), 0n));
    for (let seed = 1; seed <= 20; seed++) await desk.open(idOf(seed));
    const kept = desk.host.sessions.list().map(({ id }) => id);
    expect(new Set(kept)).to.deep.equal(new Set([0, 16, 17, 18, 19, 20].map(idOf)));
    desk.disk.crash(0);
    const after = site(desk.disk, 5);
    await after.open(idOf(21));
    expect(after.host.sessions.list().length).to.equal(6);
    expect(after.host.sessions.get(idOf(0))?.account.units).to.equal(1);
  });

  it("logs a session with its first payment", async () => {
    const desk = site();
    desk.sell();
    await desk.open(idOf(7));
    const request = await offered(desk);
    expect(desk.logged()).to.deep.equal([]);
    desk.tick(htlcFor(request, 0n));
    await desk.settle();
    expect(desk.logged()).to.deep.equal(["stream.session_opened"]);
    await desk.ask("stream.close", { session: idOf(1) });
    await desk.ask("stream.close", { session: idOf(7) });
    expect(desk.logged()).to.deep.equal(["stream.session_opened", "stream.session_closed"]);
  });

  it("opens the same session again for the same payer and stream only", async () => {
    const desk = site();
    desk.sell();
    const first = await desk.open(idOf(1));
    expect(await desk.open(idOf(1))).to.deep.equal(first);
    const other = await desk.ask("stream.open", { session: idOf(1), stream: "film", payer: NODES.bob });
    expect(other).to.deep.equal({ error: { code: "session_taken", detail: null } });
    expect(desk.host.streams.get("film")?.sessions).to.equal(1);
  });

  it("answers nonsense with a refusal, and gives no key that is not paid for", async () => {
    const desk = site();
    desk.sell();
    await desk.open(idOf(1));
    const bodies = [
      null,
      [],
      "x",
      {},
      { session: "zz" },
      { session: idOf(1), slot: -1 },
      { session: idOf(1), slot: 1e30 },
    ];
    for (const body of bodies) {
      const answer = await desk.ask("stream.key", body as object);
      expect(answer, JSON.stringify(body)).to.have.nested.property("error.code", "misshapen");
    }
    expect(await desk.ask("stream.key", { session: idOf(1), slot: 3 })).to.have.nested.property(
      "error.code",
      "not_paid",
    );
    expect(await desk.ask("stream.key", { session: idOf(2), slot: 0 })).to.have.nested.property(
      "error.code",
      "unknown_session",
    );
    expect(await desk.ask("stream.nothing", {})).to.have.nested.property("error.code", "misshapen");
  });
});
