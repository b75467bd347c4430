import { expect } from "chai";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import { loadConfig } from "../../src/daemon/config.ts";
import { policyOf } from "../../src/daemon/policy.ts";

const PEER = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
function policy(...flags: readonly string[]) {
  const loaded = loadConfig(["--datadir", "/nowhere", ...flags], {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return policyOf(loaded.value.config);
}

describe("What the operator lets channels be", () => {
  it("is the policy of the house where nothing is said", () => {
    expect(policy().channel).to.deep.equal(DEFAULT_POLICY);
  });
  it("is read from the configuration: sizes, reserves, trust, limits", () => {
    const { channel, openings } = policy(
      ...["--min-channel-sat", "50000", "--max-channel-sat", "16777215", "--max-reserve-ppm", "20000"],
      ...["--zero-conf-peers", PEER, "--zero-conf-max-sat", "5", "--static-remotekey", "true"],
      ...["--channels-per-peer", "7", "--openings-per-peer", "2", "--openings", "9"],
      ...["--close-blocks", "1000"],
    );
    expect(channel).to.deep.equal({
      ...DEFAULT_POLICY,
      capacityMin: 50_000n,
      capacityMax: 16_777_215n,
      reserveSharePpmMax: 20_000n,
      zeroConfPeers: new Set([PEER]),
      zeroConfMax: 5n,
      formats: ["anchors", "static_remotekey"],
      closeBlocks: 1_000,
    });
    expect(openings).to.deep.equal({ channelsPerPeer: 7, unfundedPerPeer: 2, unfunded: 9 });
  });
  it("lets keysends bring the even types that are named", () => {
    expect(policy().keysendTypes).to.deep.equal(new Set());
    const { keysendTypes } = policy("--accept-keysend", "true", "--keysend-types", "818818,112111100");
    expect(keysendTypes).to.deep.equal(new Set([818_818n, 112_111_100n]));
  });
  it("gives peers all the time that they want for a close where 0 blocks are said", () => {
    expect(policy("--close-blocks", "0").channel.closeBlocks).to.equal(undefined);
  });
});
