import { expect } from "chai";
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
    say({ name: "pong", nonce: 77n });
    expect(names(tick(sync, NOW_MS + 240_000, 78n))).to.deep.equal(["ping"]);
    say({ name: "pong", nonce: 77n });
    expect(tick(sync, NOW_MS + 240_000 + 1_200_000, 79n)).to.deep.equal([
      { tag: "Disconnect", peer, reason: "no pong" },
    ]);
    expect(names(say({ name: "ping", nonce: 5n }))).to.deep.equal(["pong"]);
  });
});
