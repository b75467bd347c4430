import { expect } from "chai";
import { type ChannelId, channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { fundedBy, openInput, Puppet } from "../puppet.ts";
import { invoiceOf, type Line, line, soon, stranger, violations } from "../small-world.ts";

const ALL_CHANNELS: ChannelId = channelId(new Uint8Array(32));
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const states = (node: LabNode): readonly string[] => node.node.channels().map(({ state }) => state);
const keysOnDisk = (node: LabNode): number => {
  const found = [...node.recorder.durable.keyIndexes];
  return found.length;
};
/** Records of a kind on the disk of a node that is off. */
function recordsOf(node: LabNode, prefix: string): readonly string[] {
  const store = node.disk.open();
  const keys = [...store.range(prefix)].map(({ key }) => key);
  node.disk.crash(0);
  return keys;
}
const first = ({ nodes: [node] }: Line): LabNode => present(node, "a first node");

describe("Channel host: a peer speaks only of its own channels. RELIABILITY C20", () => {
  it("ignores an error for another peer's channel, and one for all channels from a peer without any", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const id = present(edges[0]?.id, "a channel");
    for (const channel_id of [id, ALL_CHANNELS]) mallory.say({ name: "error", channel_id, data: new Uint8Array(4) });
    await world.pass(1_000);
    expect(states(node)).to.deep.equal(["Normal"]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("fails with an error for all channels every channel of that peer and no other", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const puppet = await fundedBy(world, node, mallory);
    mallory.say({ name: "error", channel_id: ALL_CHANNELS, data: new Uint8Array(4) });
    await world.pass(1_000);
    const byId = new Map(node.node.channels().map(({ id, state }) => [id, state]));
    expect(byId.get(puppet.id)).to.equal("Failed");
    expect(byId.get(present(edges[0]?.id, "a channel"))).to.equal("Normal");
  });

  it("answers updates of another peer's channel with an error, changes nothing, and cuts off who has no channel here", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const id = present(edges[0]?.id, "a channel");
    mallory.say({ name: "shutdown", channel_id: id, scriptpubkey: Uint8Array.of(0, 20, ...new Uint8Array(20)) });
    await world.pass(1_000);
    expect(mallory.of("error").map(({ channel_id }) => channel_id)).to.deep.equal([id]);
    expect(mallory.ended).to.deep.equal(["connection lost"]);
    expect(states(node)).to.deep.equal(["Normal"]);
  });

  it("keeps the connection of a peer that has a channel of its own beside the one that it does not know", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const puppet = await fundedBy(world, node, mallory);
    const id = present(edges[0]?.id, "a channel");
    mallory.say({ name: "update_fail_htlc", channel_id: id, id: 0n, reason: new Uint8Array(3) });
    await world.pass(1_000);
    expect(mallory.of("error").map(({ channel_id }) => channel_id)).to.deep.equal([id]);
    expect(mallory.ended).to.deep.equal([]);
    expect(node.node.channels().map(({ active }) => active)).to.deep.equal([true, true]);
    expect(puppet.state.tag).to.equal("Normal");
  });
});

describe("Channel host: openings that come to nothing", () => {
  const open = (node: LabNode, to: { readonly id: LabNode["id"] }, { capacity = 100_000n, dual = true } = {}) =>
    node.node.openChannel({ nodeId: to.id, capacity: sat(capacity), push: msat(0n), announce: false, dual });

  it("answers the opener when the peer refuses funding_created under the temporary id", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    let temporary = ALL_CHANNELS;
    new Puppet(world, mallory, node, {
      say: (message) => {
        if (message.name === "accept_channel") temporary = message.temporary_channel_id;
        if (message.name !== "funding_signed") return message;
        return { name: "error", channel_id: temporary, data: new TextEncoder().encode("no") };
      },
    });
    const answer = await soon(world, open(node, mallory, { dual: false }));
    expect(answer).to.deep.equal({ ok: false, error: { code: "peer_refused", detail: "no" } });
    expect(node.node.balance().onchain.reserved).to.equal(0n);
  });

  it("gives up when the peer never answers, and frees the coins and the place", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const answers = await Promise.all(Array.from({ length: 5 }, () => soon(world, open(node, mallory), 120_000)));
    for (const answer of answers) {
      expect(answer).to.deep.equal({
        ok: false,
        error: { code: "peer_refused", detail: "the peer did not answer in time" },
      });
    }
    const puppet = new Puppet(world, mallory, node);
    puppet.give(openInput(1));
    await world.pass(1_000);
    expect(mallory.of("accept_channel").length, "the peer may still open").to.equal(1);
  });

  it("keeps no place for what its own policy refuses", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    for (let round = 0; round < 5; round++) {
      const refused = await soon(world, open(node, mallory, { capacity: 1_000n }));
      expect(refused.ok).to.equal(false);
    }
    new Puppet(world, mallory, node).give(openInput(1));
    await world.pass(1_000);
    expect(mallory.of("accept_channel").length).to.equal(1);
  });

  it("does not grow the disk by openings that are refused", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    for (let round = 0; round < 20; round++) {
      new Puppet(world, mallory, node, {
        say: (message) => (message.name === "open_channel" ? { ...message, dust_limit_satoshis: sat(1n) } : message),
        seed: String(round),
      }).give(openInput(round));
      await world.pass(100);
    }
    expect(mallory.of("error").length).to.equal(20);
    expect(keysOnDisk(node)).to.be.greaterThan(20);
    node.crash(0);
    expect(recordsOf(node, "channel-keys/").length).to.be.at.most(2);
  });

  it("does not answer an opening under the id of all channels with an error for all channels", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    new Puppet(world, mallory, node, {
      say: (message) =>
        message.name === "open_channel" ? { ...message, temporary_channel_id: ALL_CHANNELS } : message,
    }).give(openInput(1));
    await world.pass(1_000);
    expect(mallory.heard.filter(({ name }) => name === "accept_channel" || name === "error")).to.deep.equal([]);
  });
});

/** A stranger opens channels whose funding transactions never come. */
async function openUnfunded(world: World, node: LabNode, rounds: number, name = "mallory") {
  const mallory = await stranger(world, node, name);
  for (let round = 0; round < rounds; round++) {
    const puppet = new Puppet(world, mallory, node, { seed: String(round) });
    puppet.give(openInput(round, { capacity: sat(100_000n + BigInt(round)) }));
    await world.until(() => puppet.state.tag === "WaitForFundingConfirmed" || puppet.state.tag === "Aborted", 1_000);
  }
  return mallory;
}

describe("Channel host: hostile openers. RELIABILITY C29, U1, U4", () => {
  it("keeps a few channels of one peer that are not funded, and refuses more", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await openUnfunded(world, node, 8);
    expect(mallory.of("funding_signed").length).to.equal(4);
    expect(mallory.of("error").map(({ data }) => text(data))).to.include("too many openings at once");
  });

  it("forgets after 2016 blocks what an opener that is gone never funded: no record, and no place taken", async function () {
    this.timeout(120_000);
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await openUnfunded(world, node, 4);
    mallory.session.close();
    await world.pass(1_000);
    world.chain.mine(2_016);
    await world.until(() => states(node).length === 1, 120_000);
    expect(states(node)).to.deep.equal(["Normal"]);
    const again = await openUnfunded(world, node, 1);
    expect(again.of("accept_channel").length).to.equal(1);
    again.session.close();
    await world.pass(1_000);
    node.crash(0);
    expect(recordsOf(node, "channel/")).to.have.length(2);
    expect(violations(world)).to.deep.equal([]);
  });

  it("refuses a second funding with the outpoint of a channel that it has: the first one stays as it is", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const known = present(node.node.channels()[0], "a channel");
    const funding = present(known.funding, "a funding outpoint");
    const shown = (channel: typeof known | undefined): string =>
      JSON.stringify(channel, (_, value) => (typeof value === "bigint" ? String(value) : value));
    const before = shown(known);
    const mallory = await stranger(world, node);
    const puppet = new Puppet(world, mallory, node, {
      say: (message) =>
        message.name === "funding_created"
          ? { ...message, funding_txid: funding.txid, funding_output_index: funding.vout }
          : message,
    });
    puppet.give(openInput(1));
    await world.pass(1_000);
    expect(mallory.of("funding_signed")).to.deep.equal([]);
    expect(mallory.of("error").length).to.equal(1);
    expect(shown(node.node.channels()[0])).to.equal(before);
    expect(violations(world)).to.deep.equal([]);
  });

  it("answers strange outpoints with an error, and says channel_ready for none", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const strange = [
      ["00".repeat(32), 65_535],
      ["ff".repeat(32), 65_535],
    ] as const;
    for (const [at, [funding_txid, funding_output_index]] of strange.entries()) {
      const puppet = new Puppet(world, mallory, node, {
        say: (message) =>
          message.name === "funding_created"
            ? { ...message, funding_txid: funding_txid as never, funding_output_index }
            : message,
        seed: String(at),
      });
      puppet.give(openInput(at));
      await world.pass(1_000);
    }
    expect(mallory.of("error").length).to.equal(2);
    expect(violations(world)).to.deep.equal([]);
    expect(states(node)).to.deep.equal(["Normal"]);
  });

  it("refuses two openings under one temporary id, and one under the id of a channel", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const mallory = await stranger(world, node);
    const id = present(edges[0]?.id, "a channel");
    const taken = new Puppet(world, mallory, node, {
      say: (message) => (message.name === "open_channel" ? { ...message, temporary_channel_id: id } : message),
    });
    taken.give(openInput(1));
    new Puppet(world, mallory, node, { seed: "2", say: (m) => (m.name === "open_channel" ? m : undefined) }).give(
      openInput(2),
    );
    await world.pass(500);
    new Puppet(world, mallory, node, { seed: "3", say: (m) => (m.name === "open_channel" ? m : undefined) }).give(
      openInput(2),
    );
    await world.pass(500);
    expect(mallory.of("accept_channel").length).to.equal(1);
    expect(mallory.of("error").map(({ data }) => text(data))).to.deep.equal(["id is in use", "id is in use"]);
  });
});

describe("Channel host: closing", () => {
  it("refuses to begin while the peer is away, and begins when it is back", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const peer = present(nodes[1], "a second node");
    const id = present(edges[0]?.id, "a channel");
    peer.crash(0);
    await world.pass(1_000);
    const refused = await soon(world, node.node.closeChannel({ id }));
    expect(refused).to.deep.equal({
      ok: false,
      error: { code: "peer_unreachable", detail: "the peer is not connected" },
    });
    expect(states(node)).to.deep.equal(["Normal"]);
    await peer.start();
    await world.until(() => node.node.channels()[0]?.active === true, 30_000);
    const begun = await soon(world, node.node.closeChannel({ id }));
    expect(begun.ok).to.equal(true);
  });

  it("answers with the channel as it stands when shutdown has to wait for a peer that says nothing", async () => {
    const { world, nodes, edges } = await line(2);
    const node = first({ world, nodes, edges });
    const payee = present(nodes[1], "a second node");
    const { bolt11 } = await invoiceOf(world, payee);
    world.network.hold(node.name, payee.name);
    await soon(world, node.node.pay({ bolt11 }));
    await world.pass(100);
    const answer = await soon(world, node.node.closeChannel({ id: present(edges[0]?.id, "a channel") }), 60_000);
    expect(answer.ok && answer.value.state).to.equal("ShuttingDown");
  });
});
