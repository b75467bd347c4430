import { expect } from "chai";
import { rpcWorld } from "../world.ts";

describe("Bitcoin Core's JSON-RPC: peers by hand", () => {
  it("addnode dials again and again, once, or not any more", async () => {
    const world = await rpcWorld();
    let dials = 0;
    await world.network.listen({ host: "here", port: 1 }, (connection) => {
      dials++;
      connection.close("now");
    });
    /** Dials within ten minutes. */
    const dialled = async (): Promise<number> => {
      const before = dials;
      for (let minute = 0; minute < 10; minute++) {
        world.clock.pass(60_000);
        for (let turn = 0; turn < 5; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
          world.clock.run();
        }
      }
      return dials - before;
    };
    const missing = [-24, "Error: Node could not be removed. It has not been added previously."];
    expect(await world.call("addnode", "here:1", "remove")).to.deep.equal(missing);
    expect(await world.call("addnode", "here:1", "onetry")).to.equal(null);
    expect(await dialled()).to.equal(1);
    expect(await world.call("addnode", "here:1", "add")).to.equal(null);
    expect(await world.call("addnode", "here:1", "add")).to.deep.equal([-23, "Error: Node already added"]);
    expect(await dialled()).to.be.above(5);
    expect(await world.call("addnode", "here:1", "remove")).to.equal(null);
    expect(await dialled()).to.equal(0);
    expect(await world.call("addnode", "here:1", "remove")).to.deep.equal(missing);
    expect(await world.call("addnode", "here", "add")).to.have.property("0", -8);
    expect(await world.call("addnode", "here:1", "sing")).to.have.property("0", -1);
    await world.close();
  });
});
