import { expect } from "chai";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import type { OpenRequest } from "../../../src/daemon/channel/info.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { createWorld, type World } from "../../../src/lab/world.ts";
import { mine } from "../failing-street.ts";
import { connectedPair, soon } from "../small-world.ts";

describe("What this node itself refuses about an opening: NOT_POSSIBLE, and what would be possible", () => {
  let world: World;
  let a: LabNode;
  let b: LabNode;
  beforeEach(async () => {
    world = createWorld({ seed: 5, nodes: 2 });
    [a, b] = await connectedPair(world);
  });
  const request = (given: Partial<OpenRequest>): OpenRequest => ({
    nodeId: b.id,
    capacity: sat(1_000_000n),
    push: msat(0n),
    announce: true,
    ...given,
  });
  const refusal = async (given: Partial<OpenRequest>) => {
    const opened = await soon(world, a.node.openChannel(request(given)));
    return opened.ok ? "opened" : opened.error;
  };

  for (const [what, given, error] of [
    [
      "a capacity below the least",
      { capacity: sat(100n) },
      { code: "not_possible", detail: "capacity out of range: from 20000 to 1000000000 sat" },
    ],
    [
      "more to be given than there is",
      { push: msat(1_000_001_000n) },
      { code: "not_possible", detail: "push out of range: no more than the channel holds" },
    ],
    [
      "a push that leaves nothing for the fee",
      { push: msat(1_000_000_000n) },
      { code: "not_possible", detail: "cannot afford feerate: 2500 sat per 1,000 weight units" },
    ],
    [
      "use before a block, where not both trust somebody with that",
      { zeroConf: true },
      {
        code: "not_possible",
        detail: "such channels are for two nodes that both have set --zero-conf-peers",
        pointer: "/zeroConf",
      },
    ],
  ] as const)
    it(`${what}, and nobody is asked`, async () => {
      expect(await refusal(given)).to.deep.equal(error);
      const { messages } = world.tally;
      expect([messages.get("open_channel"), messages.get("open_channel2")]).to.deep.equal([undefined, undefined]);
    });

  it("names the field of the request that says with whom", async () => {
    const nodeId = a.id;
    expect(await refusal({ nodeId })).to.deep.equal({
      code: "peer_unreachable",
      detail: "connect to the peer first",
      pointer: "/peer",
    });
  });

  it("one of a batch: which", async () => {
    const channels = [request({}), request({ capacity: sat(100n) })];
    const opened = await soon(world, a.node.openChannels({ channels }));
    expect(opened).to.deep.equal({
      ok: false,
      error: {
        code: "not_possible",
        detail: "capacity out of range: from 20000 to 1000000000 sat",
        pointer: "/channels/1",
      },
    });
  });

  it("a replacement that pays too little: how much it takes", async () => {
    const opened = await soon(world, a.node.openChannel(request({})));
    if (!opened.ok) throw new Error(opened.error.detail);
    const { id } = opened.value;
    const low = await soon(world, a.node.bumpFunding({ id, feerate: satPerKw(253) }));
    expect(low.ok ? "bumped" : low.error.detail).to.match(/^feerate too low: at least \d+ sat per 1,000 weight units$/);
    await mine(world, 6);
    const late = await soon(world, a.node.bumpFunding({ id, feerate: satPerKw(5_000) }));
    expect(late.ok ? "bumped" : late.error.detail).to.equal("wrong state: the channel is in state Normal");
  });
});
