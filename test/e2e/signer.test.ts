import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import {
  type Daemon,
  type Ports,
  pickPorts,
  type SignerProcess,
  startDaemon,
  startSigner,
} from "../../scripts/demo/daemon.ts";
import { openSocketSigner } from "../../src/adapters/signer/socket-signer.ts";
import { NO_WORDS } from "../../src/cli/words.ts";
import { run } from "../cli/daemon.ts";
import { ROOT, refusedHere } from "./program.ts";
import { channelsOf, openedBetween } from "./two-daemons.ts";

/** A signer that is told a line, as by a person. */
function askingSigner(flags: readonly string[], line: string) {
  const program = ["--import", "tsx", "--conditions=source", join(ROOT, "src", "signer.ts"), ...flags];
  const child = spawn(process.execPath, program, { cwd: ROOT, stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.stdin.end(line);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { ended, said: () => said.trim(), stop: () => void child.kill() };
}

describe("a daemon whose keys are in a process of their own", function () {
  this.timeout(90_000);
  const folder = mkdtempSync(join(tmpdir(), "sluice-e2e-"));
  const datadir = join(folder, "alice");
  let ports: readonly [Ports, Ports];
  let signer: SignerProcess;
  let alice: Daemon;
  let bob: Daemon;

  const startAlice = async (): Promise<Daemon> =>
    startDaemon({
      name: "alice",
      folder,
      ports: ports[0],
      chainPeer: undefined,
      env: {},
      flags: signer.flags,
      hasSigner: false,
    });
  const refusal = () => refusedHere(["--datadir", datadir, "--network", "regtest", ...signer.flags, ...noPorts]);
  const noPorts = ["--api-port", "0", "--peer-port", "0", "--chain-port", "0"];
  const pay = async (from: Daemon, to: Daemon, amountMsat: string): Promise<string> => {
    const { bolt11 } = await to.api.post<{ bolt11: string }>("/v1/invoices", { amountMsat, description: "x" });
    const { id } = await from.api.post<{ id: string }>("/v1/payments", { bolt11 });
    return until("the end of a payment", async () => {
      const { state } = await from.api.get<{ state: string }>(`/v1/payments/${id}`);
      return state !== "pending" && state;
    });
  };
  before(async () => {
    ports = (await pickPorts(2)) as [Ports, Ports];
    signer = await startSigner(datadir, "regtest");
    alice = await startAlice();
    const chainPeer = `127.0.0.1:${ports[0].chain}`;
    bob = await startDaemon({ name: "bob", folder, ports: ports[1], chainPeer, env: {}, hasSigner: false });
  });
  after(async () => {
    await Promise.allSettled([alice?.stop(), bob?.stop()]);
    signer.process.kill();
    await signer.ended;
    rmSync(folder, { recursive: true });
  });

  it("opens a channel and pays both ways, with no words in its folder", async () => {
    await openedBetween({ alice, bob, stop: async () => {} });
    expect([await pay(alice, bob, "50000000"), await pay(bob, alice, "1000000")]).to.deep.equal([
      "succeeded",
      "succeeded",
    ]);
    expect(existsSync(join(datadir, "words"))).to.equal(false);
    expect(statSync(join(datadir, "keys", "words")).mode & 0o777).to.equal(0o600);
  });

  it("says why and ends at once when the signer dies, and starts with no other or none", async () => {
    signer.process.kill("SIGKILL");
    expect(await alice.ended).to.equal("SIGKILL");
    const path = join(datadir, "signer.sock");
    expect(alice.log()).to.match(new RegExp(`The signer at ${path} is of no use: it has hung up\\.\n$`));
    expect(await refusal()).to.deep.equal({ code: 1, stdout: "", stderr: `No signer listens on ${path}.\n` });
    cpSync(join(datadir, "store"), join(folder, "copy"), { recursive: true });
  });

  it("goes on where it was when both are there again", async () => {
    signer = await startSigner(datadir, "regtest");
    alice = await startAlice();
    await until("an active channel", async () => (await channelsOf(alice))[0]?.active);
    expect(await pay(alice, bob, "2000000")).to.equal("succeeded");
    expect((await channelsOf(alice))[0]?.localMsat).to.equal("949000000");
  });

  it("loses and repeats no payment when the signer is killed in the middle of many, and both are started again", async () => {
    const before = await channelsOf(alice);
    const asked = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { bolt11 } = await bob.api.post<{ bolt11: string }>("/v1/invoices", {
          amountMsat: "1000",
          description: "x",
        });
        return bolt11;
      }),
    );
    const begun = asked.map((bolt11) => alice.api.post("/v1/payments", { bolt11 }).catch(() => undefined));
    await Promise.race(begun);
    signer.process.kill("SIGKILL");
    expect(await alice.ended).to.equal("SIGKILL");
    await Promise.all(begun);
    signer = await startSigner(datadir, "regtest");
    alice = await startAlice();
    await until("an active channel", async () => (await channelsOf(alice))[0]?.active);
    const { data } = await until("the end of every payment", async () => {
      const list = await alice.api.get<{ data: readonly { state: string }[] }>("/v1/payments?limit=100");
      return list.data.every(({ state }) => state !== "pending") && list;
    });
    const paid = data.filter(({ state }) => state === "succeeded").length;
    const localMsat = async (): Promise<string | undefined> => (await channelsOf(alice))[0]?.localMsat;
    const earlier = 2;
    const due = BigInt(before[0]?.localMsat ?? "") - 1_000n * BigInt(paid - earlier);
    await until("the balance that is left", async () => (await localMsat()) === due.toString());
    expect(await pay(alice, bob, "3000")).to.equal("succeeded");
  });

  it("is told by a signer that has nothing but words that they may have been used, so that none of their keys is again", async () => {
    const restored = join(folder, "restored");
    cpSync(join(datadir, "keys", "words"), join(restored, "keys", "words"), { recursive: true });
    const other = await startSigner(restored, "regtest");
    const path = join(restored, "signer.sock");
    const node = openSocketSigner({ path, network: "regtest", onGone: () => {} });
    expect(node.hasSigned).to.equal(true);
    node.close();
    other.process.kill();
    await other.ended;
  });

  it("comes back from words that are typed to a new signer and a backup, when both folders are lost", async () => {
    const lost = join(folder, "lost");
    const socket = join(lost, "signer.sock");
    const signerFlags = ["--socket", socket, "--datadir", join(lost, "keys"), "--restore"];
    mkdirSync(lost);
    const wrong = askingSigner(signerFlags, "words of nobody\n");
    expect([await wrong.ended, wrong.said()]).to.deep.equal([1, NO_WORDS]);
    const other = askingSigner(signerFlags, readFileSync(join(datadir, "keys", "words"), "utf8"));
    await until("its socket", async () => existsSync(socket));
    const flags = ["--signer", `unix:${socket}`];
    const restored = await run(["--datadir", lost, "backup", "restore", join(datadir, "backup"), ...flags], {
      env: { SLUICE_NETWORK: "regtest" },
    });
    await alice.kill();
    const { nodeId } = alice.started;
    expect(JSON.parse(restored.out)).to.deep.include({ nodeId, channels: 1 });
    const chainPeer = `127.0.0.1:${ports[1].chain}`;
    const again = await startDaemon({
      name: "lost",
      folder,
      ports: ports[0],
      chainPeer,
      env: {},
      flags,
      hasSigner: false,
    });
    expect(again.started.nodeId).to.equal(nodeId);
    await until("a restored channel", async () => (await channelsOf(again))[0]?.state === "Restored");
    await again.stop();
    other.stop();
    expect(await other.ended).to.equal(0);
  });

  it("is told by the signer that its data are an old copy, and changes nothing", async () => {
    await alice.stop();
    rmSync(join(datadir, "store"), { recursive: true });
    rmSync(join(datadir, "high-water"));
    cpSync(join(folder, "copy"), join(datadir, "store"), { recursive: true });
    const { code, stderr } = await refusal();
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^The data is an old copy, and nothing was changed: of channel 0 commitment \d+ of the peer is signed, the record ends at \d+\.\n$/,
    );
  });
});
