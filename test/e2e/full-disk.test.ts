import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { type ApiClient, apiClient } from "../../scripts/demo/client.ts";
import { type Started, startDaemon } from "../../scripts/demo/daemon.ts";
import { MAIN, newFolder, ROOT, removeFolder } from "./program.ts";

const FILE_KIB_MAX = 600;
const REQUESTS_MAX = 5_000;

/** A daemon none of whose files may grow beyond the limit. */
interface Limited {
  readonly api: ApiClient;
  /** How it ended, with all that it said on its error output. */
  readonly ended: Promise<{ readonly how: number | string | null; readonly said: string }>;
}
async function startLimited(datadir: string): Promise<Limited> {
  const ports = ["--api-port", "0", "--peer-port", "0", "--chain-port", "0"];
  const command = [process.execPath, ...MAIN, "--datadir", datadir, ...ports];
  const limited = ["-c", 'ulimit -f "$0" && exec "$@"', String(FILE_KIB_MAX), ...command];
  const child: ChildProcess = spawn("bash", limited, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const ended = new Promise<Awaited<Limited["ended"]>>((resolve) => {
    child.once("close", (code, signal) => resolve({ how: signal ?? code, said }));
  });
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve);
  });
  const started = JSON.parse(line) as Started;
  return { api: apiClient(started.api, readFileSync(join(datadir, "admin.token"), "utf8").trim()), ended };
}
/** Asks until there is no answer. Resolves what was answered. */
async function untilSilence<T>(ask: () => Promise<T>): Promise<readonly T[]> {
  const answers: T[] = [];
  try {
    while (answers.length < REQUESTS_MAX) answers.push(await ask());
  } catch {
    return answers;
  }
  throw new Error("the disk was never full");
}

describe("RELIABILITY P10: a node whose disk refuses a write", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  /** Fills the disk; answers what was acknowledged, and a client of the daemon that is started again without a limit. */
  async function filled<T>(ask: (api: ApiClient) => Promise<T>) {
    const { api, ended } = await startLimited(join(folder, "node"));
    const acknowledged = await untilSilence(() => ask(api));
    const { how, said } = await ended;
    expect(how, said).to.equal("SIGKILL");
    expect(said).to.match(/File too large|Input\/output error/);
    expect(said).to.match(/\nThe node has stopped: see the line before\.\n/);
    const ports = { api: 0, peer: 0, chain: 0 };
    const keys = { hasSigner: false };
    return {
      acknowledged,
      again: await startDaemon({ name: "node", folder, ports, chainPeer: undefined, env: {}, ...keys }),
    };
  }

  it("ends at once with a sentence, and has all that it acknowledged when it is started again", async () => {
    interface Invoice {
      readonly id: string;
    }
    const request = { amountMsat: "1000", description: "x".repeat(600) };
    const { acknowledged, again } = await filled((api) => api.post<Invoice>("/v1/invoices", request));
    const kept = acknowledged.map(({ id }) => again.api.get<Invoice>(`/v1/invoices/${id.replace(/^inv_/, "")}`));
    expect((await Promise.all(kept)).map(({ id }) => id)).to.deep.equal(acknowledged.map(({ id }) => id));
    expect(acknowledged).to.have.length.above(10);
    await again.stop();
  });

  it("does so too when it is the chain's file that cannot grow", async () => {
    const { acknowledged, again } = await filled((api) => api.post<object>("/v1/chain/mine", { blocks: 10 }));
    const { height } = await again.api.get<{ height: number }>("/v1/info");
    expect(height).to.be.at.least(acknowledged.length * 10);
    expect(acknowledged).to.have.length.above(1);
    await again.stop();
  });
});
