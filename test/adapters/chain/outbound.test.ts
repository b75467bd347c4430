import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { buildBlock } from "../../chain/builder.ts";
import { group, hostsOf, internet, PARAMS, pass, readText, turn } from "./internet.ts";
import { removeFolder } from "./world.ts";

describe("P2P: connections with strangers", () => {
  it("B28: seeds that name one netgroup alone get one connection", async () => {
    const hosts = hostsOf(8, 1, 100);
    const { folder, clock, open, peers, called, asked } = internet(hosts, hosts);
    const node = open();
    await pass(clock, 30);
    expect(asked).to.have.lengthOf(2);
    expect(await peers(node)).to.have.lengthOf(1);
    expect(new Set(called).size).to.equal(1);
    await node.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("B28: eight and two for blocks alone, each in another netgroup, and feelers besides", async () => {
    const hosts = [...hostsOf(8, 1, 60), ...hostsOf(9, 30, 2)];
    const { folder, clock, open, peers, called } = internet(hosts, hosts);
    const node = open();
    await pass(clock, 60);
    const connected = await peers(node);
    expect(connected).to.have.lengthOf(10);
    expect(new Set(connected.map(group)).size).to.equal(10);
    const before = called.length;
    await pass(clock, 300);
    expect(called.length).to.be.greaterThan(before);
    expect((await peers(node)).length).to.equal(10);
    await node.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("begin after a restart with those for blocks alone, without seeds", async () => {
    const hosts = hostsOf(9, 30, 2);
    const { folder, clock, open, called, asked, links } = internet(hosts, hosts);
    const first = open();
    await pass(clock, 60);
    const anchors = links.peers().length;
    expect(anchors).to.equal(10);
    await first.stop();
    await pass(clock, 5);
    expect(existsSync(join(folder, "addresses.txt"))).to.equal(true);
    const questions = asked.length;
    const kept = JSON.parse(readText(folder).split("\n")[1] as string).anchors as readonly [string, number][];
    called.splice(0);
    const second = open();
    await pass(clock, 8);
    const hex = (host: string) =>
      host
        .split(".")
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join("");
    expect(called.slice(0, 2).map(hex)).to.have.members(kept.map(([ip]) => ip.slice(-8)));
    expect(asked).to.have.lengthOf(questions);
    await second.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("begin anew when the file is torn, with a word in the log", async () => {
    const { folder, open, errors } = internet([], []);
    await open().stop();
    writeFileSync(join(folder, "addresses.txt"), "torn");
    const node = open();
    expect(errors).to.deep.equal(["the kept addresses of other nodes are not whole, and thrown away"]);
    await node.stop();
    removeFolder(folder);
  });
  it("are for networks of strangers, and seeds for those who have named nobody", async () => {
    const hosts = hostsOf(9, 30, 2);
    const play = internet(hosts, hosts);
    const alone = play.open(CHAINS.regtest);
    await pass(play.clock, 60);
    expect([play.called, play.asked]).to.deep.equal([[], []]);
    await alone.stop();
    const own = internet(hosts, hosts);
    const node = own.open();
    void node.connect({ host: hosts[0] as string, port: PARAMS.port });
    await pass(own.clock, 60);
    expect([new Set(own.called), own.asked]).to.deep.equal([new Set([hosts[0]]), []]);
    await node.stop();
    for (const { folder } of [play, own]) removeFolder(folder);
  }).timeout(60_000);
  it("are not tried again with who says what is no message of Bitcoin's", async () => {
    const hosts = hostsOf(9, 10, 1);
    const { folder, clock, open, peers, connections, called } = internet(hosts, hosts);
    const node = open();
    await pass(clock, 60);
    expect(await peers(node)).to.have.lengthOf(10);
    called.splice(0);
    connections.get(hosts[0] as string)?.send(new Uint8Array(24));
    await pass(clock, 900);
    expect([called, (await peers(node)).length]).to.deep.equal([[], 9]);
    await node.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("B24: are one more than usual after half an hour without a block, and eight again when one has come", async () => {
    const hosts = hostsOf(9, 30, 2);
    const { folder, clock, open, peers, mine } = internet(hosts, hosts);
    const node = open();
    await pass(clock, 60);
    expect(await peers(node)).to.have.lengthOf(10);
    for (let second = 0; second < 31 * 60; second += 4) {
      clock.pass(4000);
      await turn();
    }
    expect(await peers(node)).to.have.lengthOf(11);
    mine();
    await pass(clock, 10);
    expect(node.brain.chain.tip.height).to.equal(1);
    expect(await peers(node)).to.have.lengthOf(10);
    await node.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("B24: leave a tip that is stale, as the node tells, when no block comes for an hour", async () => {
    const { folder, clock, open } = internet([], []);
    const node = open();
    let told = 0;
    node.onProgress(() => {
      if (node.staleSince() !== undefined) told++;
    });
    clock.pass(1000);
    const begun = clock.now();
    for (let second = 0; second < 54 * 60; second += 4) clock.pass(4000);
    expect([node.staleSince(), told]).to.deep.equal([undefined, 0]);
    for (let second = 0; second < 120; second += 4) clock.pass(4000);
    expect(node.staleSince()).to.equal(begun);
    expect(told).to.be.greaterThan(0);
    node.submit(buildBlock({ brain: node.brain, params: PARAMS }));
    clock.pass(1000);
    expect(node.staleSince()).to.equal(undefined);
    await node.stop();
    removeFolder(folder);
  }).timeout(60_000);
});
