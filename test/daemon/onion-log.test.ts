import { expect } from "chai";
import type { ChannelId } from "../../src/base/ids.ts";
import { createOnionLog } from "../../src/daemon/onion-log.ts";

const secret = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
const htlc = (htlcId: bigint, channel = "aa") => ({ channelId: channel.repeat(32) as ChannelId, htlcId });

describe("Onion log: an onion is forwarded for one HTLC", () => {
  it("knows an onion again that comes with another HTLC, of this or another channel", () => {
    const log = createOnionLog();
    expect(log.isReplay(secret(1), htlc(0n))).to.equal(false);
    expect(log.isReplay(secret(1), htlc(1n))).to.equal(true);
    expect(log.isReplay(secret(1), htlc(0n, "bb"))).to.equal(true);
    expect(log.isReplay(secret(2), htlc(1n))).to.equal(false);
  });

  it("takes the same HTLC told again for what it is", () => {
    const log = createOnionLog();
    for (let round = 0; round < 3; round++) expect(log.isReplay(secret(1), htlc(0n))).to.equal(false);
  });

  it("forgets the oldest beyond its bound", () => {
    const log = createOnionLog(2);
    for (const seed of [1, 2, 3]) log.isReplay(secret(seed), htlc(0n));
    expect(log.isReplay(secret(3), htlc(9n))).to.equal(true);
    expect(log.isReplay(secret(2), htlc(9n))).to.equal(true);
    expect(log.isReplay(secret(1), htlc(9n)), "the first is forgotten").to.equal(false);
  });
});
