import { expect } from "chai";
import { dualChannelId } from "../../../channels/dual/proposal.ts";
import { type ChannelId, channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat, satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { ChannelTable, channelEntry } from "../../../src/daemon/channel/table.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../../src/wire/opening.ts";
import { fundedDual, openedDual } from "../../support/dual-pair.ts";
import { line, type Stranger, stranger, violations } from "../small-world.ts";

const [said] = openedDual().trace;
const OPEN = said?.message as OpenChannel2;
const ANOTHER = channelId(new Uint8Array(32).fill(0x77));
const derived = (open: OpenChannel2, accept: AcceptChannel2): ChannelId =>
  dualChannelId(open.revocation_basepoint, accept.revocation_basepoint);
const errors = (peer: Stranger) =>
  peer.of("error").map(({ channel_id, data }) => [channel_id, new TextDecoder().decode(data)]);

/** A node with a channel that it and another one have funded by open_channel2, and what strangers may say to it. */
async function asked() {
  const { world, nodes } = await line(2, { push: msat(0n) });
  const node = present(nodes[0], "a node");
  const open = (temporaryId: ChannelId): OpenChannel2 => ({
    ...OPEN,
    chain_hash: CHAINS.regtest.genesisHash,
    temporary_channel_id: temporaryId,
    locktime: world.chain.brain.chain.tip.height,
    funding_feerate_perkw: satPerKw(1_000),
  });
  const mallory = await stranger(world, node);
  const say = async (peer: Stranger, temporaryId: ChannelId): Promise<void> => {
    peer.say(open(temporaryId));
    await world.pass(500);
  };
  return { world, node, mallory, say };
}

describe("RELIABILITY C29: ids of channels that both sides fund", () => {
  it("a second open_channel2 under the same temporary id is refused, and the first goes on", async () => {
    const { world, mallory, say } = await asked();
    for (let time = 0; time < 3; time++) await say(mallory, OPEN.temporary_channel_id);
    const accepts = mallory.of("accept_channel2");
    expect(accepts.length).to.equal(1);
    expect(errors(mallory)).to.deep.equal(Array(2).fill([OPEN.temporary_channel_id, "id is in use"]));
    const id = derived(OPEN, present(accepts[0], "an answer"));
    mallory.say({ name: "tx_complete", channel_id: id });
    await world.pass(500);
    const answers = [...mallory.of("tx_complete"), ...mallory.of("tx_abort")].map(({ channel_id }) => channel_id);
    expect(answers, "under the id of both basepoints").to.deep.equal([id]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("a temporary id that is the id of a channel, or of one that is being funded, is refused", async () => {
    const { world, node, mallory, say } = await asked();
    const [before] = node.node.channels();
    await say(mallory, OPEN.temporary_channel_id);
    const pending = derived(OPEN, present(mallory.of("accept_channel2")[0], "an answer"));
    const other = await stranger(world, node, "another");
    for (const taken of [present(before, "a channel").id as ChannelId, pending]) {
      await say(other, taken);
      expect(errors(other).at(-1)).to.deep.equal([taken, "id is in use"]);
    }
    expect(other.of("accept_channel2")).to.deep.equal([]);
    expect(node.node.channels()[0]).to.deep.equal(before);
    expect(violations(world)).to.deep.equal([]);
  });
  it("one basepoint under two temporary ids, or of two peers, makes channels of different ids", async () => {
    const { world, node, mallory, say } = await asked();
    const other = await stranger(world, node, "another");
    await say(mallory, OPEN.temporary_channel_id);
    await say(mallory, ANOTHER);
    await say(other, OPEN.temporary_channel_id);
    const ids = [...mallory.of("accept_channel2"), ...other.of("accept_channel2")].map((accept) =>
      derived(OPEN, accept),
    );
    expect([ids.length, new Set(ids).size]).to.deep.equal([3, 3]);
    expect([errors(mallory), errors(other), violations(world)]).to.deep.equal([[], [], []]);
  });
  it("should two come to one id all the same, the first stays what it is and the second is told of", () => {
    const { a, b } = fundedDual().parties;
    const entry = (temporaryId: ChannelId) =>
      channelEntry({ peer: b.nodeId, temporaryId, keyIndex: 0, signer: a.signer }, a.state);
    const table = new ChannelTable();
    const [first, second] = [entry(OPEN.temporary_channel_id), entry(ANOTHER)];
    table.addOpening(first);
    table.addOpening(second);
    const { channelId: id } = a.funded.params;
    expect([table.settle(first), table.settle(second), table.settle(first)]).to.deep.equal([true, false, true]);
    expect(table.byId(id)).to.equal(first);
    table.remove(second);
    expect([table.byId(id), table.opening(b.nodeId, ANOTHER)]).to.deep.equal([first, undefined]);
  });
});
