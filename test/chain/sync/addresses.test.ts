import { expect } from "chai";
import { fromHex } from "../../../src/base/bytes.ts";
import type { BitcoinMessageOf } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { learn } from "../../../src/chain/addresses/book.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, type Purpose, type Sync, type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { emptyBook, place, told } from "../addresses/told.ts";
import { bench, matured, NOW } from "../builder.ts";
import { NOW_MS, names, tx } from "./wire.ts";

/** A node of a public network, with easy work, and peers whose handshake the test makes. */
function node(network: "testnet4" | "regtest" = "testnet4") {
  const { brain } = bench({ ...CHAINS.regtest, network });
  return { sync: syncOf(brain, undefined, "full", emptyBook()), brain };
}
interface Meeting {
  readonly inbound?: boolean;
  readonly purpose?: Purpose;
  readonly wanted?: boolean;
  readonly v2?: boolean;
}
let met = 0;
function meet(sync: Sync, { inbound = true, purpose = "relay", wanted = true, v2 = true }: Meeting = {}) {
  met++;
  const at = place(60, met, 1, 1);
  const options = { inbound, purpose, nonce: BigInt(met), now: NOW_MS, place: at };
  const { peer } = addPeer(sync, options);
  const [hello] = addPeer(syncOf(bench().brain), { inbound: false, nonce: 1n, now: NOW_MS }).effects;
  const version = (hello as { message: BitcoinMessageOf<"version"> }).message;
  receive(sync, peer, { ...version, nonce: BigInt(met + 1000), relay: { wanted } }, NOW_MS);
  if (v2) receive(sync, peer, { name: "sendaddrv2" }, NOW_MS);
  return { peer, effects: receive(sync, peer, { name: "verack" }, NOW_MS) };
}
const entry = (ipv4: readonly [number, number, number, number], time = NOW) =>
  ({
    time,
    services: 9n,
    address: { network: "ipv4", address: Uint8Array.from(ipv4) },
    port: 8333,
  }) as const;
const addrv2 = (...addresses: BitcoinMessageOf<"addrv2">["addresses"]): BitcoinMessageOf<"addrv2"> => ({
  name: "addrv2",
  addresses,
});
/** Each of another netgroup, as long as there are any. */
const entryOf = (index: number) => entry([70 + (index % 50), Math.floor(index / 50) % 256, index >> 16, 1]);
const many = (count: number, from = 0) => addrv2(...Array.from({ length: count }, (_, index) => entryOf(from + index)));
const sentTo = (effects: readonly SyncEffect[], peer: Peer) =>
  effects.flatMap((effect) =>
    effect.tag === "Send" && effect.peer === peer && effect.message.name.startsWith("addr") ? [effect.message] : [],
  );

describe("P2P: addresses that peers tell", () => {
  it("B11: of 10^7 entries one is taken in ten seconds, after a thousand that we asked for", () => {
    const { sync } = node();
    const { peer } = meet(sync, { inbound: false });
    const flood = Array.from({ length: 50 }, (_, index) => many(1000, index * 1000));
    for (let count = 0; count < 10_000; count++) receive(sync, peer, flood[count % 50] as never, NOW_MS);
    expect([peer.addresses.credit, peer.addresses.due.length]).to.deep.equal([0, 0]);
    // Its own place was noted when it answered.
    expect(sync.addresses.nodes.size).to.be.within(500, 1001);
    const after = sync.addresses.nodes.size;
    receive(sync, peer, many(1000, 60_000), NOW_MS + 9999);
    expect(sync.addresses.nodes.size).to.equal(after);
    receive(sync, peer, addrv2(entry([71, 1, 1, 1]), entry([71, 2, 1, 1])), NOW_MS + 10_000);
    expect(sync.addresses.nodes.size).to.equal(after + 1);
    const stranger = meet(sync).peer;
    for (const message of flood) receive(sync, stranger, message, NOW_MS);
    expect(sync.addresses.nodes.size).to.be.at.most(after + 2);
    expect(sync.peers.has(stranger)).to.equal(true);
  });
  it("B11: odd types are passed over, whatever stands beside them; times and services are of any size", () => {
    const { sync } = node();
    const { peer } = meet(sync, { inbound: false });
    const before = sync.addresses.nodes.size;
    const odd = { network: "unknown", id: 200, address: new Uint8Array(512) } as const;
    const disguised = fromHex("00000000000000000000ffff09090909");
    const none = { network: "none", id: 2, address: disguised } as const;
    const onion = { network: "torv3", address: new Uint8Array(32) } as const;
    const full = { time: 0xffff_ffff, services: 0xffff_ffff_ffff_ffffn, port: 0xffff };
    const effects = receive(
      sync,
      peer,
      addrv2(
        { ...entry([9, 9, 9, 9]), address: odd },
        { ...entry([9, 9, 9, 9]), address: onion },
        { ...entry([9, 9, 9, 9]), address: none },
        { ...entry([127, 0, 0, 1]) },
        { ...entry([192, 168, 0, 1]) },
        { ...entry([9, 9, 9, 9]), ...full },
      ),
      NOW_MS,
    );
    expect(effects).to.deep.equal([]);
    expect(sync.addresses.nodes.size).to.equal(before + 1);
  });
  it("that are fresh and few go on to two others, half a minute later, in the form that they take", () => {
    const { sync } = node();
    const others = Array.from({ length: 6 }, (_, index) => meet(sync, { v2: index % 2 === 0 }).peer);
    for (const other of others) receive(sync, other, addrv2(), NOW_MS);
    const silent = meet(sync).peer;
    const blocks = meet(sync, { inbound: false, purpose: "blocks" }).peer;
    const teller = meet(sync).peer;
    receive(sync, teller, addrv2(entry([9, 8, 7, 6])), NOW_MS);
    expect(names(tick(sync, NOW_MS + 29_000, 1n))).to.deep.equal([]);
    const effects = tick(sync, NOW_MS + 30_000, 1n);
    const heard = others.filter((other) => sentTo(effects, other).length > 0);
    expect([heard.length, sentTo(effects, silent), sentTo(effects, blocks), sentTo(effects, teller)]).to.deep.equal([
      2,
      [],
      [],
      [],
    ]);
    for (const other of heard)
      expect(sentTo(effects, other)).to.deep.equal([
        other.addresses.v2
          ? addrv2(entry([9, 8, 7, 6]))
          : { name: "addr", addresses: [{ time: NOW, address: { services: 9n, ...place(9, 8, 7, 6) } }] },
      ]);
    receive(sync, meet(sync).peer, addrv2(entry([9, 8, 7, 6])), NOW_MS);
    expect(names(tick(sync, NOW_MS + 60_000, 1n)), "the same two, who know it").to.deep.equal([]);
    receive(sync, meet(sync).peer, addrv2(entry([9, 9, 7, 6], NOW - 3600)), NOW_MS);
    expect(names(tick(sync, NOW_MS + 90_000, 1n)), "old news").to.deep.equal([]);
  });
  it("are told to who calls and asks, once; who was dialled gets no answer", () => {
    const { sync } = node();
    for (let b = 0; b < 100; b++) learn(sync.addresses, told(place(80, b, 1, 1)), `4:${b}`, NOW);
    const { peer } = meet(sync);
    const [answer, ...more] = sentTo(receive(sync, peer, { name: "getaddr" }, NOW_MS), peer);
    expect(more).to.deep.equal([]);
    expect(answer?.name === "addrv2" && answer.addresses.length).to.equal(Math.floor(sync.addresses.nodes.size * 0.23));
    expect(receive(sync, peer, { name: "getaddr" }, NOW_MS)).to.deep.equal([]);
    expect(receive(sync, meet(sync, { inbound: false }).peer, { name: "getaddr" }, NOW_MS)).to.deep.equal([]);
  });
  it("are asked of those whom we dial on a network of strangers, who are told where we are if we know", () => {
    const asked = (network: "testnet4" | "regtest", meeting: Meeting, own?: Sync["own"]) => {
      const { sync } = node(network);
      sync.own = own;
      return names(meet(sync, meeting).effects).filter((name) => name.includes("addr"));
    };
    expect(asked("testnet4", { inbound: false })).to.deep.equal(["getaddr"]);
    const own = place(5, 6, 7, 8);
    expect(asked("testnet4", { inbound: false, v2: false }, own)).to.deep.equal(["addr", "getaddr"]);
    expect(asked("testnet4", { inbound: true }, own)).to.deep.equal([]);
    expect(asked("testnet4", { inbound: false, purpose: "blocks" }, own)).to.deep.equal([]);
    expect(asked("regtest", { inbound: false }, own)).to.deep.equal([]);
  });
});

describe("P2P: what a connection is for", () => {
  it("notes in the book whom we dialled and who answered", () => {
    const { sync } = node();
    const { peer } = meet(sync, { inbound: false });
    expect([...sync.addresses.proven.values()].map((known) => known.place)).to.deep.equal([peer.place]);
    meet(sync);
    expect(sync.addresses.nodes.size).to.equal(1);
  });
  it("feels whether somebody is there, and is over", () => {
    const { sync } = node();
    const { peer, effects } = meet(sync, { inbound: false, purpose: "feeler" });
    expect(effects).to.deep.equal([{ tag: "Disconnect", peer, reason: "it is there" }]);
    expect(sync.addresses.proven.size).to.equal(1);
  });
  it("for blocks alone, neither tells nor takes transactions and addresses", () => {
    const chain = matured(1);
    const sync = syncOf(chain.brain);
    const [hello] = addPeer(sync, { inbound: false, purpose: "blocks", nonce: 1n, now: NOW_MS }).effects;
    expect((hello as { message: BitcoinMessageOf<"version"> }).message.relay).to.deep.equal({ wanted: false });
    const { peer, effects } = meet(sync, { inbound: false, purpose: "blocks" });
    expect(names(effects)).to.deep.equal(["sendheaders", "sendcmpct", "getheaders"]);
    const spending = tx(chain.coins[0] as never, 1000n);
    expect(receive(sync, peer, addrv2(entry([9, 9, 9, 9])), NOW_MS)).to.deep.equal([]);
    expect(sync.addresses.heard.size).to.equal(0);
    expect(names(receive(sync, peer, { name: "tx", tx: spending }, NOW_MS))).to.deep.equal(["Disconnect"]);
  });
  it("tells no transactions to who wants none", () => {
    const chain = matured(1);
    const sync = syncOf(chain.brain);
    const [wants, not] = [meet(sync).peer, meet(sync, { wanted: false }).peer];
    const bringer = meet(sync).peer;
    const effects = receive(sync, bringer, { name: "tx", tx: tx(chain.coins[0] as never, 1000n) }, NOW_MS);
    const told = (peer: Peer) => effects.some((effect) => effect.tag === "Send" && effect.peer === peer);
    expect([told(wants), told(not)]).to.deep.equal([true, false]);
  });
});
