import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { open } from "lmdb";
import { type Daemon, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { openEmbeddedStore } from "../../src/adapters/store/embedded.ts";
import { contentsOf, newFolder, refusedStart, removeFolder } from "./program.ts";

const STOP_MS_MAX = 2_000;

/** A free port of the loopback that is taken until the server is closed. */
function takePort(): Promise<{ readonly server: Server; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
}
const quiet = (datadir: string): readonly string[] =>
  ["--datadir", datadir, "--api-port", "0", "--peer-port", "0", "--chain-port", "0"] as const;

describe("a start that cannot be", function () {
  this.timeout(30_000);
  let folder: string;
  let datadir: string;
  beforeEach(() => {
    folder = newFolder();
    datadir = join(folder, "node");
  });
  afterEach(() => removeFolder(folder));

  const refuses = async (flags: readonly string[], sentence: RegExp | string): Promise<void> => {
    const { code, stdout, stderr } = await refusedStart(flags);
    if (typeof sentence === "string") expect(stderr).to.equal(`${sentence}\n`);
    else expect(stderr).to.match(sentence);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
  };

  it("refuses a wrong flag, says which one may have been meant, and makes nothing", async () => {
    await refuses(
      ["--datadir", datadir, "--api-prot", "1"],
      "Unknown setting --api-prot on the command line. Did you mean --api-port?",
    );
    expect(existsSync(datadir)).to.equal(false);
  });

  it("refuses a wrong key in the file, with its line", async () => {
    mkdirSync(datadir);
    const file = join(datadir, "config.toml");
    writeFileSync(file, 'alias = "me"\nfee-pmm = 1\n');
    const before = contentsOf(folder);
    await refuses(quiet(datadir), `Unknown setting fee-pmm in ${file}, line 2. Did you mean fee-ppm?`);
    expect(contentsOf(folder)).to.deep.equal(before);
  });

  it("refuses a network where money is real", async () => {
    await refuses([...quiet(datadir), "--network", "mainnet"], /^network mainnet is not supported yet: .*\.\n$/);
    expect(existsSync(datadir)).to.equal(false);
  });

  it("refuses a busy port, whichever of the three it is, and makes nothing", async () => {
    const { server, port } = await takePort();
    const busy = ["--api-port", "--peer-port", "--chain-port"].map((flag) => [...quiet(datadir), flag, String(port)]);
    await Promise.all(busy.map((flags) => refuses(flags, `Port ${port} of 127.0.0.1 is in use.`)));
    expect(existsSync(datadir)).to.equal(false);
    server.close();
  });

  it("refuses one port for two services", async () => {
    const { api } = await pickPorts();
    const flags = [...quiet(datadir), "--api-port", String(api), "--peer-port", String(api)];
    await refuses(flags, `Port ${api} of 127.0.0.1 is in use.`);
    expect(existsSync(datadir)).to.equal(false);
  });

  it("refuses the data of another network, and leaves it as it is", async () => {
    mkdirSync(datadir);
    const store = await openEmbeddedStore({ path: join(datadir, "store"), network: "testnet" });
    await store.close();
    const before = contentsOf(folder);
    await refuses(quiet(datadir), `The data in ${join(datadir, "store")} is of testnet, not of regtest.`);
    expect(contentsOf(folder)).to.deep.equal(before);
  });

  for (const [place, sentence] of [
    ["store", (path: string) => `The data in ${path} is no store of a node.`],
    ["chain", (path: string) => `${path} holds no chain: move it away and the chain will be fetched again.`],
  ] as const) {
    it(`refuses a file that is none of its own in place of the ${place}`, async () => {
      mkdirSync(join(datadir, place), { recursive: true });
      const file = join(datadir, place, "data.mdb");
      writeFileSync(file, Buffer.alloc(16_384, "sluice"));
      await refuses(quiet(datadir), sentence(join(datadir, place)));
      expect(readFileSync(file)).to.deep.equal(Buffer.alloc(16_384, "sluice"));
    });
  }

  it("refuses words that are none", async () => {
    mkdirSync(datadir);
    writeFileSync(join(datadir, "words"), "abandon abandon abandon\n");
    await refuses(quiet(datadir), `${join(datadir, "words")} does not hold the words of a node.`);
    expect(readFileSync(join(datadir, "words"), "utf8")).to.equal("abandon abandon abandon\n");
  });
});

describe("a running node", function () {
  this.timeout(60_000);
  let folder: string;
  let daemon: Daemon;
  before(async () => {
    folder = newFolder();
    daemon = await start();
  });
  after(async () => {
    await daemon.kill();
    removeFolder(folder);
  });
  const start = (): Promise<Daemon> =>
    startDaemon({ name: "node", folder, ports: { api: 0, peer: 0, chain: 0 }, chainPeer: undefined, env: {} });
  const datadir = (): string => join(folder, "node");

  it("keeps its data for itself: a second process is refused with the first one's number, and changes nothing", async () => {
    const before = contentsOf(datadir());
    const refused = await refusedStart(quiet(datadir()));
    const sentence = `The data in ${join(datadir(), "store")} is in use by process ${daemon.process.pid}.\n`;
    expect(refused).to.deep.equal({ code: 1, stdout: "", stderr: sentence });
    expect(contentsOf(datadir())).to.deep.equal(before);
    expect(await daemon.api.get<{ alias: string }>("/v1/info")).to.have.property("alias", "node");
  });

  it("ends on SIGTERM with 0, soon, and says nothing of it", async () => {
    await daemon.api.post("/v1/chain/mine", { blocks: 3 });
    const began = performance.now();
    await daemon.stop();
    expect(performance.now() - began).to.be.below(STOP_MS_MAX);
    expect([await daemon.ended, daemon.log()]).to.deep.equal([0, ""]);
  });

  it("comes back as who it was, with what it had, also after kill -9", async () => {
    const { nodeId } = daemon.started;
    daemon = await start();
    expect(daemon.started.nodeId).to.equal(nodeId);
    await daemon.kill();
    daemon = await start();
    const { height, id } = await daemon.api.get<{ height: number; id: string }>("/v1/info");
    expect({ height, id }).to.deep.equal({ height: 3, id: nodeId });
  });

  it("does not start on a broken record, names it, and changes none", async () => {
    await daemon.stop();
    const key = "wallet/broken";
    const raw = open<Uint8Array, string>({ path: join(datadir(), "store"), encoding: "binary" });
    await raw.put(key, new TextEncoder().encode("what a dying disk left"));
    const entries = () => [...raw.getRange({ start: "!" })].map((entry) => [entry.key, Buffer.from(entry.value)]);
    const before = entries();
    const words = readFileSync(join(datadir(), "words"));
    const { code, stdout, stderr } = await refusedStart(quiet(datadir()));
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(stderr).to.match(/^The data is broken, and nothing was changed: record wallet\/broken: .*\.\n$/);
    raw.resetReadTxn();
    expect(entries()).to.deep.equal(before);
    expect(readFileSync(join(datadir(), "words"))).to.deep.equal(words);
    await raw.remove(key);
    await raw.close();
    daemon = await start();
  });
});
