import { createServer } from "node:net";
import { expect } from "chai";
import { freePorts } from "../../../scripts/demo/daemon.ts";

describe("ports for daemons", () => {
  it("are all different, and nobody listens there", async () => {
    const ports = await freePorts(30);
    expect(new Set(ports).size).to.equal(30);
    for (const port of ports) {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(port, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
    }
  });
  it("are none that a connection gets by chance", async () => {
    expect((await freePorts(30)).filter((port) => port >= 32_768)).to.deep.equal([]);
  });
});
