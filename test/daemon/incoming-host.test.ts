import { expect } from "chai";
import type { ChannelInput, HtlcOrigin, IncomingHtlc } from "../../channels/index.ts";
import { buildOnion, type ForwardPolicy } from "../../routing/index.ts";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import type { SequencedStore } from "../../src/adapters/store/group-commit.ts";
import type { ChannelId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { blockHeight, msat, unixMs } from "../../src/base/units.ts";
import type { ChannelHost } from "../../src/daemon/channel-host.ts";
import type { NodeContext } from "../../src/daemon/context.ts";
import { createEvents } from "../../src/daemon/events.ts";
import { IncomingHost } from "../../src/daemon/incoming-host.ts";
import { createTurns } from "../../src/daemon/turn.ts";
import { CHANNEL, HASH, OTHER_CHANNEL, PREIMAGE, REQUEST, ROUTE, SCIDS, SECRETS } from "../payments/fixture.ts";

const POLICY: ForwardPolicy = {
  feeBaseMsat: 10,
  feeProportionalMillionths: 0,
  cltvExpiryDelta: 40,
  htlcMinimum: msat(1n),
  htlcMaximum: msat(1_000_000n),
  enabled: true,
};

/** Bob's host for incoming HTLCs, over a disk that outlives it; `said` is what his channels were told. */
function bob(disk = memoryDisk(), held: readonly HtlcOrigin[] = []) {
  const store: SequencedStore = disk.open();
  const tasks: (() => void)[] = [];
  const clock = {
    now: () => unixMs(0),
    after: (_ms: number, task: () => void) => {
      tasks.push(task);
      return () => {};
    },
  };
  const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
  const said: string[] = [];
  const states = new Map<ChannelId, { readonly state: { tag: string } }>();
  for (const id of [CHANNEL, OTHER_CHANNEL]) states.set(id, { state: { tag: "Normal" } });
  const nameOf = new Map([...states].map(([id, entry]) => [entry as unknown, id === CHANNEL ? "in" : "other"]));
  const out = { state: { tag: "Normal" } };
  const channels = {
    table: { byId: (id: ChannelId) => states.get(id), byScid: (id: bigint) => (id === SCIDS.carol ? out : undefined) },
    apply: (_turn: unknown, entry: unknown, input: ChannelInput) => {
      const id = "id" in input ? ` ${input.id}` : "";
      said.push(`${nameOf.get(entry) ?? "out"}: ${input.tag}${id}`);
    },
    holds: (origin: HtlcOrigin) => held.some((other) => JSON.stringify(text(other)) === JSON.stringify(text(origin))),
  } as unknown as ChannelHost;
  const keychain = { nodeSecret: SECRETS.bob };
  const context = { clock, store, turns, keychain, events: createEvents(store) } as unknown as NodeContext;
  const host = new IncomingHost({
    ctx: context,
    channels: () => channels,
    height: () => blockHeight(100),
    forwardPolicy: (id) => (id === SCIDS.carol ? POLICY : undefined),
    streamTick: () => undefined,
  });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      for (const task of tasks.splice(0)) task();
      await new Promise(setImmediate);
    }
  };
  const fail = (id: ChannelId): void => {
    present(states.get(id), "a channel").state.tag = "Failed";
  };
  const committed = (htlc: IncomingHtlc): void => turns.run((turn) => host.committed(turn, htlc));
  return { host, said, committed, settle, disk, fail, turns };
}
const text = (origin: HtlcOrigin): unknown =>
  origin.tag === "relay" ? [origin.channelId, String(origin.htlcId)] : [origin.paymentId];

const onion = (session: number): Uint8Array => {
  const { paymentSecret, paymentMetadata, customRecords } = REQUEST;
  const content = { paymentSecret, paymentMetadata, customRecords };
  const built = buildOnion(ROUTE, new Uint8Array(32).fill(session), HASH, content);
  if (!built.ok) throw new Error(built.error.code);
  return built.value.onion;
};
/** What arrives at Bob, to be forwarded to Carol. */
function htlc(id: bigint, session = 5, changes: Partial<IncomingHtlc> = {}): IncomingHtlc {
  const { amount, expiry } = present(ROUTE.hops[0], "a first hop");
  return {
    channelId: CHANNEL,
    id,
    amount,
    paymentHash: HASH,
    expiry,
    onion: onion(session),
    mustFail: undefined,
    ...changes,
  };
}

describe("Incoming host: an onion is forwarded once. BOLT 4 §Onion Decryption", () => {
  it("offers downstream once, and fails the same onion that comes with another HTLC", async () => {
    const { said, committed } = bob();
    committed(htlc(0n));
    committed(htlc(1n));
    committed(htlc(0n, 5, { channelId: OTHER_CHANNEL }));
    expect(said).to.deep.equal(["out: OfferHtlc", "in: FailHtlc 1", "other: FailHtlc 0"]);
  });

  it("forwards another onion with the same payment hash: a sender may try again", () => {
    const { said, committed } = bob();
    committed(htlc(0n));
    committed(htlc(1n, 6));
    expect(said).to.deep.equal(["out: OfferHtlc", "out: OfferHtlc"]);
  });

  it("knows the onions of forwards under way after a start", async () => {
    const before = bob();
    before.committed(htlc(0n));
    await before.settle();
    before.disk.crash(0);
    const { said, committed } = bob(before.disk, [{ tag: "relay", channelId: CHANNEL, htlcId: 0n }]);
    committed(htlc(0n));
    committed(htlc(1n));
    expect(said).to.deep.equal(["in: FailHtlc 1"]);
  });
});

describe("Incoming host: an HTLC that is told again. RELIABILITY C37", () => {
  it("is not failed upstream while it is out downstream, though dust has become too much meanwhile", async () => {
    const before = bob();
    before.committed(htlc(0n));
    await before.settle();
    before.disk.crash(0);
    const { said, committed } = bob(before.disk, [{ tag: "relay", channelId: CHANNEL, htlcId: 0n }]);
    committed(htlc(0n, 5, { mustFail: "dust_exposure" }));
    expect(said).to.deep.equal([]);
  });

  it("is failed upstream when it takes dust over the bound and nothing has been done with it", () => {
    const { said, committed } = bob();
    committed(htlc(0n, 5, { mustFail: "dust_exposure" }));
    expect(said).to.deep.equal(["in: FailHtlc 0"]);
  });

  it("is offered again when nothing of it is downstream", async () => {
    const before = bob();
    before.committed(htlc(0n));
    await before.settle();
    before.disk.crash(0);
    const { said, committed } = bob(before.disk);
    committed(htlc(0n));
    expect(said).to.deep.equal(["out: OfferHtlc"]);
  });

  it("brings the preimage upstream again, whatever else is wrong by now", async () => {
    const before = bob();
    before.committed(htlc(0n));
    before.turns.run((turn) => before.host.relaySettled(turn, { channelId: CHANNEL, htlcId: 0n }, PREIMAGE));
    expect(before.said).to.deep.equal(["out: OfferHtlc", "in: FulfillHtlc 0"]);
    await before.settle();
    before.disk.crash(0);
    const after = bob(before.disk);
    after.fail(CHANNEL);
    after.committed(htlc(0n, 5, { mustFail: "dust_exposure" }));
    expect(after.said).to.deep.equal(["in: FulfillHtlc 0"]);
  });

  it("is not begun on a channel that has failed", () => {
    const { said, committed, fail } = bob();
    fail(CHANNEL);
    committed(htlc(0n));
    expect(said).to.deep.equal([]);
  });
});

describe("Incoming host: downstream decides", () => {
  const forwarded = async () => {
    const desk = bob();
    desk.committed(htlc(0n));
    desk.said.length = 0;
    return desk;
  };
  const incoming = { channelId: CHANNEL, htlcId: 0n };

  it("fails upstream only by what downstream has finally failed, once", async () => {
    const { host, said, turns } = await forwarded();
    const failure = { tag: "failed", reason: new Uint8Array(292) } as const;
    turns.run((turn) => host.relayFailed(turn, incoming, failure));
    turns.run((turn) => host.relayFailed(turn, incoming, failure));
    expect(said).to.deep.equal(["in: FailHtlc 0"]);
  });

  it("never fails upstream what was settled downstream, in whichever order it is told", async () => {
    const { host, said, turns } = await forwarded();
    turns.run((turn) => host.relaySettled(turn, incoming, PREIMAGE));
    turns.run((turn) => host.relayFailed(turn, incoming, { tag: "failed", reason: new Uint8Array(292) }));
    turns.run((turn) => host.relayRefused(turn, incoming, "not_connected"));
    expect(said).to.deep.equal(["in: FulfillHtlc 0"]);
  });

  it("forgets a decided circuit when its incoming HTLC is in no commitment any more, and no other", async () => {
    const { host, disk, turns, settle, committed } = await forwarded();
    committed(htlc(1n, 6));
    turns.run((turn) => host.relaySettled(turn, incoming, PREIMAGE));
    turns.run((turn) => host.channelCommitted(turn, CHANNEL, () => new Set([0n, 1n])));
    await settle();
    const circuits = (): number => {
      disk.crash(0);
      return [...disk.open().range("circuit/")].length;
    };
    turns.run((turn) => host.channelCommitted(turn, CHANNEL, () => new Set()));
    await settle();
    expect(circuits(), "the one that is still out").to.equal(1);
  });
});
