import { expect } from "chai";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import { receive } from "../../../src/chain/sync/receive.ts";
import { bench, buildBlock } from "../builder.ts";

import { NOW_MS, names, side, Wire } from "./wire.ts";

describe("P2P: handshake", () => {
  it("is version and verack from both sides, and then each asks for headers", () => {
    const wire = new Wire(bench(), bench()).run();
    expect(wire.log.slice(0, 8)).to.have.members(
      ["version", "wtxidrelay", "sendaddrv2", "verack"].flatMap((name) => [`0:${name}`, `1:${name}`]),
    );
    expect(wire.sides.map(({ peer }) => peer.byWtxid)).to.deep.equal([true, true]);
    expect(wire.sides.map(({ peer }) => peer.ready)).to.deep.equal([true, true]);
    expect(wire.log).to.include.members(["0:getheaders", "1:getheaders", "0:sendheaders", "1:feefilter"]);
    expect(wire.gone).to.deep.equal([]);
  });
  it("ends when a node has called itself", () => {
    const chain = bench();
    const sync = syncOf(chain.brain);
    const out = addPeer(sync, { inbound: false, nonce: 7n, now: NOW_MS });
    const into = addPeer(sync, { inbound: true, nonce: 8n, now: NOW_MS });
    const [hello] = out.effects;
    const effects = receive(sync, into.peer, (hello as { message: BitcoinMessage }).message, NOW_MS);
    expect(effects).to.deep.equal([{ tag: "Disconnect", peer: into.peer, reason: "connected to ourselves" }]);
  });
  it("ends with a second version, an old one, or a dialled peer that serves no witnesses", () => {
    const [hello] = addPeer(syncOf(bench().brain), { inbound: false, nonce: 7n, now: NOW_MS }).effects;
    const version = (hello as { message: BitcoinMessage & { name: "version" } }).message;
    const fresh = (inbound: boolean) => {
      const sync = syncOf(bench().brain);
      const { peer } = addPeer(sync, { inbound, nonce: 9n, now: NOW_MS });
      return (message: BitcoinMessage) => names(receive(sync, peer, message, NOW_MS));
    };
    const twice = fresh(true);
    expect(twice(version)).to.deep.equal(["version", "wtxidrelay", "sendaddrv2", "verack"]);
    expect(twice(version)).to.deep.equal(["Disconnect"]);
    expect(fresh(true)({ ...version, version: 70_000 })).to.deep.equal(["Disconnect"]);
    expect(fresh(false)({ ...version, services: 1n })).to.deep.equal(["Disconnect"]);
  });
  it("agrees on wtxids with a peer that knows them, before verack and at no other time", () => {
    const [hello] = addPeer(syncOf(bench().brain), { inbound: false, nonce: 7n, now: NOW_MS }).effects;
    const version = (hello as { message: BitcoinMessage & { name: "version" } }).message;
    const meet = (protocol: number, ...order: readonly ("wtxidrelay" | "verack")[]) => {
      const { sync, peer } = side(bench(), true, 9n, NOW_MS);
      const said = names(receive(sync, peer, { ...version, version: protocol }, NOW_MS)).includes("wtxidrelay");
      for (const name of order) receive(sync, peer, { name }, NOW_MS);
      return [said, peer.byWtxid];
    };
    expect(meet(70_016, "wtxidrelay", "verack")).to.deep.equal([true, true]);
    expect(meet(70_016, "verack")).to.deep.equal([true, false]);
    expect(meet(70_016, "verack", "wtxidrelay")).to.deep.equal([true, false]);
    expect(meet(70_015, "wtxidrelay", "verack")).to.deep.equal([false, false]);
    const { sync, peer } = side(bench(), true, 9n, NOW_MS);
    receive(sync, peer, { name: "wtxidrelay" }, NOW_MS);
    expect(peer.byWtxid).to.equal(false);
  });
  it("hears nothing else before it is over", () => {
    const { sync, peer } = side(bench(), true, 1n, NOW_MS);
    const block = buildBlock(bench());
    expect(receive(sync, peer, { name: "block", block }, NOW_MS)).to.deep.equal([]);
    expect(receive(sync, peer, { name: "verack" }, NOW_MS)).to.deep.equal([]);
    expect(sync.brain.chain.tip.height).to.equal(0);
  });
});
