import { expect } from "chai";
import { forgive } from "../../../src/chain/sync/fetch.ts";
import { receive } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { bench } from "../builder.ts";

import { alone, NOW_MS, names, side } from "./wire.ts";

describe("P2P: time", () => {
  it("parts after a minute without a handshake", () => {
    const { sync, peer } = side(bench(), true, 1n, NOW_MS);
    expect(tick(sync, NOW_MS + 59_999, 0n)).to.deep.equal([]);
    expect(tick(sync, NOW_MS + 60_000, 0n)).to.deep.equal([{ tag: "Disconnect", peer, reason: "no handshake" }]);
  });
  it("pings every two minutes and parts with who does not answer in twenty", () => {
    const { sync, peer, say } = alone(bench());
    expect(names(tick(sync, NOW_MS + 120_000, 77n))).to.deep.equal(["ping"]);
    receive(sync, peer, { name: "pong", nonce: 76n }, NOW_MS + 120_010);
    expect(peer.pingMs).to.equal(undefined);
    receive(sync, peer, { name: "pong", nonce: 77n }, NOW_MS + 120_034);
    expect(peer.pingMs).to.equal(34);
    expect(names(tick(sync, NOW_MS + 240_000, 78n))).to.deep.equal(["ping"]);
    say({ name: "pong", nonce: 77n });
    const end = NOW_MS + 240_000 + 1_200_000;
    for (let at = NOW_MS + 241_000; at < end; at += 1000) expect(tick(sync, at, 79n)).to.deep.equal([]);
    expect(tick(sync, end, 79n)).to.deep.equal([{ tag: "Disconnect", peer, reason: "no pong" }]);
    expect(names(say({ name: "ping", nonce: 5n }))).to.deep.equal(["pong"]);
  });
  it("waits twenty minutes anew for a pong that could not be heard, as we slept or our disk was crowded", () => {
    const { sync, peer } = alone(bench());
    const pinged = NOW_MS + 120_000;
    expect(names(tick(sync, pinged, 77n))).to.deep.equal(["ping"]);
    const awake = pinged + 1_300_000;
    expect(names(tick(sync, awake, 78n))).to.deep.equal([]);
    const heardAgain = awake + 4000;
    forgive(sync, heardAgain);
    const second = (at: number): readonly string[] => names(tick(sync, at, 79n));
    for (let at = awake + 1000; at < heardAgain + 1_200_000; at += 1000) expect(second(at)).to.deep.equal([]);
    expect(tick(sync, heardAgain + 1_200_000, 79n)).to.deep.equal([{ tag: "Disconnect", peer, reason: "no pong" }]);
  });
});
