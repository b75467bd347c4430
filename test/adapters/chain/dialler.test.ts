import { expect } from "chai";
import { Dialler } from "../../../src/adapters/chain/embedded/dialler.ts";
import { Links, wholeNode } from "../../../src/adapters/chain/embedded/links.ts";
import { memoryNetwork } from "../../../src/adapters/memory/network.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import { bench } from "../../chain/builder.ts";
import { noLog, testClock } from "./world.ts";

/** A node that listens, and who of those that called it is still connected, in the order in which they came. */
async function listening() {
  const clock = testClock();
  const wires = memoryNetwork({ clock, random: systemRandom, delayMs: { min: 0, max: 0 } });
  const links = new Links({
    machine: wholeNode(syncOf(bench().brain)),
    magic: CHAINS.regtest.magic,
    clock,
    random: systemRandom,
    log: noLog,
    onTipChanged: () => undefined,
    onTxTaken: () => undefined,
    onWaiting: () => undefined,
    disk: { crowded: false, room: async () => undefined },
  });
  const dialler = new Dialler({ links, network: wires.host("here"), clock });
  const address = await dialler.listen({ host: "here", port: 1 });
  const connected: string[] = [];
  const call = async (host: string, name = host): Promise<void> => {
    const dialled = wires.host(host).dial(address);
    clock.run();
    const connection = await dialled;
    connected.push(name);
    connection.attach({ data: () => undefined, closed: () => connected.splice(connected.indexOf(name), 1) });
    clock.run();
  };
  return { call, connected, dialler, links };
}

describe("P2P: who calls a node that has no place left", () => {
  it("gets one of those who have most, the last that came, and nothing where nobody has more", async () => {
    const { call, connected, dialler, links } = await listening();
    for (let count = 0; count < 125; count++) await call("8.8.0.1", `many ${count}`);
    await call("8.8.7.7");
    expect([connected.length, connected.includes("8.8.7.7"), connected.at(-1)]).to.deep.equal([125, false, "many 124"]);
    for (let count = 0; count < 62; count++) await call("9.9.0.1", `others ${count}`);
    expect(connected.filter((name) => name.startsWith("others"))).to.have.lengthOf(62);
    expect([connected.includes("many 62"), connected.includes("many 63")]).to.deep.equal([true, false]);
    await call("9.9.0.2");
    expect([connected.includes("9.9.0.2"), connected.includes("many 62")]).to.deep.equal([false, true]);
    await call("7.7.0.1");
    expect([connected.includes("7.7.0.1"), connected.includes("many 62"), links.count]).to.deep.equal([
      true,
      false,
      125,
    ]);
    links.close();
    await dialler.stop();
  });
});
