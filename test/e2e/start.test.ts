import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { type Daemon, freePorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { openEmbeddedStore } from "../../src/adapters/store/embedded.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { breakFile } from "../support/lmdb-damage.ts";
import { askWrongly } from "./bad-requests.ts";
import { contentsOf, newFolder, refusedHere, refusedProcess, removeFolder } from "./program.ts";

const STOP_MS_MAX = 5_000;
const WORDS = `${"abandon ".repeat(23)}art`;
const OTHER_WORDS = `${"zoo ".repeat(23)}vote`;

/** A free port of the loopback that is taken until the server is closed. */
function takePort(): Promise<{ readonly server: Server; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
}
/** Whether anybody listens there. */
const saidAt = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port }, () => resolve("connected"));
    socket.on("connect", () => socket.destroy());
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
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

  /** Refused with this sentence, exit code 1 and nothing changed on disk. */
  const refuses = async (flags: readonly string[], sentence: string): Promise<void> => {
    const before = contentsOf(folder);
    expect(await refusedHere(flags)).to.deep.equal({ code: 1, stdout: "", stderr: `${sentence}\n` });
    expect(contentsOf(folder)).to.deep.equal(before);
  };
  const fill = (name: string, text: string | Uint8Array): string => {
    const path = join(datadir, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  /** The store of the node of `WORDS` with a few records, closed. */
  async function store(network = "regtest"): Promise<string> {
    fill("words", `${WORDS}\n`);
    const path = join(datadir, "store");
    const opened = await openEmbeddedStore({ path, network, owner: keychainOf(WORDS, "regtest").nodeId });
    for (const key of ["event/1", "event/2"]) await opened.append([{ key, value: utf8("something that happened") }]);
    await opened.close();
    return path;
  }

  it("a wrong flag: says which one may have been meant, and makes nothing", async () => {
    await refuses(
      ["--datadir", datadir, "--api-prot", "1"],
      "Unknown setting --api-prot on the command line. Did you mean --api-port?",
    );
    expect(existsSync(datadir)).to.equal(false);
  });

  it("a wrong key in the file: says its line and which one may have been meant", async () => {
    const file = fill("config.toml", 'alias = "me"\nfee-pmm = 1\n');
    await refuses(quiet(datadir), `Unknown setting fee-pmm in ${file}, line 2. Did you mean fee-ppm?`);
  });

  it("a wrong value in the file: says which", async () => {
    fill("config.toml", 'alias = "me"\nfee-ppm = "much"\n');
    await refuses(quiet(datadir), "fee-ppm in config.toml must be a whole number.");
  });

  it("a file that is not TOML: says where", async () => {
    const file = fill("config.toml", 'alias = "me"\nfee-ppm =\n');
    await refuses(quiet(datadir), `${file} is not TOML: line 2, column 10.`);
  });

  it("a busy port, whichever of the three it is: says which, and makes nothing", async () => {
    const { server, port } = await takePort();
    for (const flag of ["--api-port", "--peer-port", "--chain-port"])
      await refuses(
        [...quiet(datadir), flag, String(port)],
        `Port ${port} of 127.0.0.1 is in use. Stop what has it, or choose another by ${flag}.`,
      );
    expect(existsSync(datadir)).to.equal(false);
    server.close();
  });

  it("one port for two services", async () => {
    const [port] = await freePorts(1);
    const flags = [...quiet(datadir), "--api-port", String(port), "--peer-port", String(port)];
    const sentence = `Port ${port} of 127.0.0.1 is in use. Stop what has it, or choose another by --peer-port.`;
    await refuses(flags, sentence);
  });

  it("a Bitcoin Core that is not there, for as long as one takes to come: says so, also where nothing else goes on in the process", async () => {
    const [port] = await freePorts(1);
    const cookie = fill("cookie", "user:password\n");
    const flags = ["--chain", "bitcoind", "--bitcoind-url", `http://127.0.0.1:${port}`, "--bitcoind-cookie", cookie];
    const silence = `The Bitcoin node does not answer: connect ECONNREFUSED 127.0.0.1:${port}.`;
    expect(await refusedProcess([...quiet(datadir), ...flags])).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: `The Bitcoin node at 127.0.0.1:${port} does not help: ${silence}\n`,
    });
  });

  it("RELIABILITY P7: the data of another network", async () => {
    const path = await store("testnet");
    await refuses(quiet(datadir), `The data in ${path} is of testnet, not of regtest.`);
  });

  it("the words of another node", async () => {
    const path = await store();
    fill("words", OTHER_WORDS);
    const [theirs, ours] = [WORDS, OTHER_WORDS].map((words) => keychainOf(words, "regtest").nodeId);
    await refuses(quiet(datadir), `The data in ${path} is of node ${theirs}, not of ${ours}.`);
  });

  it("words that are missing beside data: makes no others", async () => {
    await store();
    const words = join(datadir, "words");
    rmSync(words);
    await refuses(quiet(datadir), `${words} is missing, and the data beside it can be used with no other words.`);
  });

  for (const [what, words] of [
    ["with a letter changed", WORDS.replace("art", "arm")],
    ["cut short", WORDS.slice(0, 100)],
    ["empty", ""],
  ] as const)
    it(`words that are ${what}`, async () => {
      await store();
      await refuses(quiet(datadir), `${fill("words", words)} does not hold the words of a node.`);
    });

  for (const [what, text, fault] of [
    ["cut short", '{"version": 1, "documents": [', "cannot be read: Unexpected end of JSON input."],
    ["of something else", '{"version": 1, "documents": [{"id": "a"}]}', "does not hold what it should."],
  ] as const)
    it(`tokens that are ${what}`, async () => {
      await store();
      await refuses(quiet(datadir), `${fill("tokens.json", text)} ${fault}`);
    });

  it("RELIABILITY P12: a record with a bit flipped, whichever bit: says which record", async () => {
    const path = await store();
    for (const bit of [0, 70, 103, 250]) {
      breakFile(path, "event/2", bit);
      const before = contentsOf(folder);
      const { code, stdout, stderr } = await refusedHere(quiet(datadir));
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
      expect(stderr).to.match(/^The data is broken, and nothing was changed: record event\/2: .*\.\n$/);
      expect(contentsOf(folder)).to.deep.equal(before);
      breakFile(path, "event/2", bit);
    }
  });

  for (const [place, sentence] of [
    ["store", (path: string) => `The data in ${path} is no store of a node.`],
    ["chain", (path: string) => `${path} holds no chain: move it away and the chain will be fetched again.`],
  ] as const)
    it(`a file that is none of its own in place of the ${place}`, async () => {
      fill("words", WORDS);
      const file = fill(join(place, "data.mdb"), Buffer.alloc(16_384, "sluice"));
      const { code, stderr } = await refusedHere(quiet(datadir));
      expect([code, stderr]).to.deep.equal([1, `${sentence(join(datadir, place))}\n`]);
      expect(readFileSync(file)).to.deep.equal(Buffer.alloc(16_384, "sluice"));
    });

  it("RELIABILITY P5: a store of an earlier day, put back beside the mark of how far it has come", async () => {
    const path = await store();
    cpSync(path, join(folder, "copy"), { recursive: true });
    const opened = await openEmbeddedStore({ path, network: "regtest" });
    await opened.append([{ key: "event/3", value: utf8("paid") }]);
    await opened.close();
    fill("high-water", "3\n");
    rmSync(path, { recursive: true });
    cpSync(join(folder, "copy"), path, { recursive: true });
    await refuses(
      quiet(datadir),
      `The data in ${path} ends at write 2, but write 3 is known to have happened: this is an old copy.`,
    );
  });

  it("a mark of how far the store has come that is no number", async () => {
    await store();
    await refuses(quiet(datadir), `${fill("high-water", "3\n4\n")} does not hold the number of a write.`);
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
    startDaemon({
      name: "node",
      folder,
      ports: { api: 0, peer: 0, chain: 0 },
      chainPeer: undefined,
      env: {},
      hasSigner: false,
    });
  const datadir = (): string => join(folder, "node");

  it("RELIABILITY P7: keeps its data for itself: a second process is refused with the first one's number, and changes nothing", async () => {
    // How far the store has come the node that has it writes down every ten seconds.
    const others = () => ({ ...contentsOf(datadir()), "high-water": undefined });
    const before = others();
    const refused = await refusedProcess(quiet(datadir()));
    const sentence = `The data in ${join(datadir(), "store")} is in use by process ${daemon.process.pid}.\n`;
    expect(refused).to.deep.equal({ code: 1, stdout: "", stderr: sentence });
    expect(others()).to.deep.equal(before);
    expect(await daemon.api.get<{ alias: string }>("/v1/info")).to.have.property("alias", "node");
  });

  it("RELIABILITY J6: is reached at 127.0.0.1 alone, at each of its ports", async () => {
    const { api, peerPort, chainPort } = daemon.started;
    const ports = [Number(new URL(api).port), peerPort, chainPort];
    const said = (host: string) => Promise.all(ports.map((port) => saidAt(host, port)));
    expect(await said("127.0.0.1")).to.deep.equal(["connected", "connected", "connected"]);
    expect(await said("127.0.0.2")).to.deep.equal(["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]);
  });

  it("names the field that is wrong, whichever it is of whatever can be asked, and does nothing of it", async () => {
    const answers = await askWrongly(daemon.api);
    expect(answers).to.have.length.above(30);
    for (const { request, wrong, type, problem } of answers) {
      expect(type, request).to.equal("application/problem+json; charset=utf-8");
      expect([problem.status, problem.code], `${request} ${wrong}`).to.deep.equal([400, "BAD_REQUEST"]);
      const named = problem.errors?.map((error) => (error.in === "path" ? error.pointer.slice(1) : error.pointer));
      // Of a field that holds others, the one in it.
      const fields = named?.map((field) => field.split("/", 2).join("/"));
      expect(fields, request).to.include(wrong);
    }
    const { data } = await daemon.api.get<{ data: readonly object[] }>("/v1/events");
    expect(data.map((event) => (event as { type: string }).type)).to.deep.equal([]);
  });

  it("follows signet, where it mines nothing, and is behind until somebody shows it the chain", async () => {
    const flags = ["--chain", "compact", "--chain-peer", "127.0.0.1:1"];
    const ports = { api: 0, peer: 0, chain: 0 };
    const signet = await startDaemon({
      ...{ name: "signet", folder, ports, chainPeer: undefined, env: {}, flags },
      network: "signet",
    });
    const refused = await signet.api.post("/v1/chain/mine", { blocks: 1 }).catch(String);
    const { network, height, synced } = await signet.api.get<Record<string, unknown>>("/v1/info");
    await signet.kill();
    expect(refused).to.match(/NOT_POSSIBLE/);
    expect({ network, height, synced }).to.deep.equal({ network: "signet", height: 0, synced: false });
  });

  it("ends on SIGTERM with 0, soon, says nothing of it, and has marked how far its store has come", async () => {
    await daemon.api.post("/v1/chain/mine", { blocks: 3 });
    const began = performance.now();
    await daemon.stop();
    expect(performance.now() - began).to.be.below(STOP_MS_MAX);
    expect([await daemon.ended, daemon.log()]).to.deep.equal([0, ""]);
    const store = await openEmbeddedStore({ path: join(datadir(), "store"), network: "regtest" });
    const marked = BigInt(readFileSync(join(datadir(), "high-water"), "utf8"));
    expect(marked > 0n && store.sequence - marked < 5n, `${marked} of ${store.sequence}`).to.equal(true);
    await store.close();
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
});
