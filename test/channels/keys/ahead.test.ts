import { expect } from "chai";
import { deriveAhead, FRESH } from "../../../channels/index.ts";
import { channelKeys } from "../../../channels/keys/channel-keys.ts";
import { equalBytes } from "../../../src/base/bytes.ts";
import { normal } from "../../support/channel-pair.ts";

describe("keys derived ahead", () => {
  const pair = normal();
  pair.offer("a", 1_000n);
  pair.settle();
  const { secrets, state, funded } = pair.parties.a;

  it("are those of the next commitment of either side", () => {
    const keys = channelKeys(secrets);
    deriveAhead(keys, state);
    const { local, remoteNextPoint } = funded.commitments;
    const points = keys.derived.entries.map((entry) => entry.keys.perCommitmentPoint);
    expect(points).to.deep.equal([keys.commitmentPoint(local.number + 1n), remoteNextPoint]);
  });

  it("are the very ones that the next round needs: it derives none itself", () => {
    const fresh = normal();
    const { a } = fresh.parties;
    deriveAhead(a.keys, a.state);
    const before = [...a.keys.derived.entries];
    const point = a.keys.commitmentPoint(a.funded.commitments.local.number + 1n);
    fresh.offer("a", 1_000n);
    fresh.settle();
    const added = a.keys.derived.entries.filter((entry) => !before.includes(entry));
    expect(added).to.deep.equal([]);
    expect(a.keys.derived.entries.some((entry) => equalBytes(entry.keys.perCommitmentPoint, point))).to.equal(true);
  });

  it("are derived once, however often they are asked for", () => {
    const keys = channelKeys(secrets);
    deriveAhead(keys, state);
    const entries = [...keys.derived.entries];
    deriveAhead(keys, state);
    expect(keys.derived.entries).to.deep.equal(entries);
  });

  it("are none before there is a channel", () => {
    const keys = channelKeys(secrets);
    deriveAhead(keys, FRESH);
    expect(keys.derived.entries).to.deep.equal([]);
  });
});
