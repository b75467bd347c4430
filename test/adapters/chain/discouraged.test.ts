import { expect } from "chai";
import { openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { Discouraged } from "../../../src/adapters/chain/embedded/discouraged.ts";
import { LogBudget } from "../../../src/adapters/chain/embedded/log-budget.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { LogFields } from "../../../src/ports/log.ts";
import { noLog, removeFolder, settle, tempFolder, testClock, testNetwork } from "./world.ts";

describe("hosts whose nodes have misbehaved", () => {
  it("are known by their address, whatever the port and whether IPv6 is wrapped around it", () => {
    const discouraged = new Discouraged();
    discouraged.note("203.0.113.7:8333");
    discouraged.note("2001:db8::1:8333");
    const asked = ["203.0.113.7:51234", "::ffff:203.0.113.7:1", "203.0.113.8:8333", "2001:db8::1:9"];
    expect(asked.map((address) => discouraged.has(address))).to.deep.equal([true, true, false, true]);
  });
  it("never are this machine", () => {
    const discouraged = new Discouraged();
    for (const address of ["127.0.0.1:1", "::1:2", "::ffff:127.0.0.1:3"]) {
      discouraged.note(address);
      expect(discouraged.has(address)).to.equal(false);
    }
  });
  it("are forgotten when thousands have misbehaved since", () => {
    const discouraged = new Discouraged();
    for (let index = 0; index < 100_000; index++) discouraged.note(`198.51.${index >> 8}.${index & 255}:1`);
    expect([discouraged.has("198.51.0.0:1"), discouraged.has("198.51.390.159:1")]).to.deep.equal([false, true]);
  });
});

describe("the log of peers that come and go", () => {
  it("has twenty lines at once and one a second from then on, and says how many it lacks", () => {
    const budget = new LogBudget();
    const told = (now: number) => budget.take(now)?.untold;
    expect(Array.from({ length: 22 }, () => told(10_000))).to.deep.equal([...Array(20).fill(0), undefined, undefined]);
    expect([told(10_999), told(11_000), told(11_000), told(12_500)]).to.deep.equal([undefined, 3, undefined, 1]);
  });
  it("B17: a thousand connections that are cut off at once do not fill it", async () => {
    const clock = testClock();
    const network = testNetwork(clock);
    const folder = tempFolder();
    const lines: LogFields[] = [];
    const log = { ...noLog, debug: (_event: string, fields?: LogFields) => lines.push(fields ?? {}) };
    const node = openBaseNode({ folder, params: CHAINS.regtest, clock, random: systemRandom, network, log });
    const address = await node.listen({ host: "127.0.0.1", port: 0 });
    for (let count = 0; count < 1000; count++) {
      const dialled = network.dial(address);
      clock.run();
      const connection = await dialled;
      connection.attach({ data: () => undefined, closed: () => undefined });
      connection.send(new Uint8Array(24));
      if (count % 50 === 49) await settle(clock, node);
    }
    expect(lines).to.have.lengthOf(20);
    expect(lines[0]).to.include({ reason: "sends no message of ours: wrong_magic", untold: 0 });
    await node.stop();
    removeFolder(folder);
  });
});
