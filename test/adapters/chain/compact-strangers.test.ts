import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { group, hostsOf, internet, pass, tipAt } from "./internet.ts";
import { removeFolder } from "./world.ts";

describe("P2P: connections of a light client with strangers", () => {
  it("B28: are eight and two, each in another netgroup, found by seeds that are asked for servers of filters", async () => {
    const hosts = [...hostsOf(8, 1, 60), ...hostsOf(9, 30, 2)];
    const { folder, clock, openLight, peers, asked, mine } = internet(hosts, hosts);
    const light = openLight();
    await pass(clock, 60);
    const connected = await peers(light);
    expect(connected).to.have.lengthOf(10);
    expect(new Set(connected.map(group)).size).to.equal(10);
    expect(asked.every((name) => name.startsWith("x49.seed.testnet4."))).to.equal(true);
    mine();
    await pass(clock, 10);
    expect(light.light.filterTip.height).to.equal(1);
    await tipAt(light, 1);
    await light.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("begin after a restart with those of its book, and take no seed's word again", async () => {
    const hosts = hostsOf(9, 30, 2);
    const { folder, clock, openLight, peers, asked } = internet(hosts, hosts);
    const first = openLight();
    await pass(clock, 60);
    await first.stop();
    expect(existsSync(join(folder, "addresses.txt"))).to.equal(true);
    const questions = asked.length;
    await pass(clock, 700);
    const second = openLight();
    await pass(clock, 60);
    expect(await peers(second)).to.have.lengthOf(10);
    expect(asked).to.have.lengthOf(questions);
    await second.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("are with nobody who serves no filters", async () => {
    const hosts = hostsOf(9, 30, 2);
    const { folder, clock, openLight, peers, stopFilters } = internet(hosts, hosts);
    stopFilters();
    const light = openLight();
    await pass(clock, 60);
    expect(await peers(light)).to.deep.equal([]);
    await light.stop();
    removeFolder(folder);
  }).timeout(60_000);
  it("B24: leave a tip that is stale when no block comes for an hour, and not once one has come", async () => {
    const hosts = hostsOf(9, 30, 2);
    const { folder, clock, openLight, peers, mine } = internet(hosts, hosts);
    const light = openLight();
    await pass(clock, 60);
    for (let second = 0; second < 55 * 60; second += 4) {
      clock.pass(4000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(light.staleSince()).not.to.equal(undefined);
    expect(await peers(light)).to.have.lengthOf(11);
    mine();
    await pass(clock, 10);
    expect([light.staleSince(), (await peers(light)).length]).to.deep.equal([undefined, 10]);
    await light.stop();
    removeFolder(folder);
  }).timeout(60_000);
});
