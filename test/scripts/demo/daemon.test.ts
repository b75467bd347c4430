import { createServer } from "node:net";
import { expect } from "chai";
import { until } from "../../../scripts/demo/client.ts";
import { freePorts, serving } from "../../../scripts/demo/daemon.ts";

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

describe("a process that serves", () => {
  const program = (says: string): readonly string[] => ["-e", `${says}; setInterval(() => {}, 1000)`];
  const children = (): readonly string[] =>
    process.getActiveResourcesInfo().filter((resource) => resource === "ProcessWrap");

  it("is there when it has said so", async () => {
    const served = await serving(program('console.log("here")'));
    expect(served.said).to.equal("here");
    expect(children()).to.have.length(1);
    served.process.kill("SIGKILL");
    expect(await served.ended).to.equal("SIGKILL");
  });
  it("is gone when it has not said so in time", async () => {
    const failed = await serving(program(""), { limitMs: 1 }).catch((error: Error) => error.message);
    expect(failed).to.equal("the daemon does not start: ");
    await until("its end", async () => children().length === 0);
  });
  it("is gone when what it has said is not what it should", async () => {
    const read = async (line: string): Promise<unknown> => JSON.parse(line);
    const failed = await serving(program('console.log("here")'), { read }).catch((error: Error) => error.name);
    expect(failed).to.equal("SyntaxError");
    await until("its end", async () => children().length === 0);
  });
});
