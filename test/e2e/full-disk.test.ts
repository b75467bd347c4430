import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { type ApiClient, apiClient } from "../../scripts/demo/client.ts";
import { type Started, startDaemon } from "../../scripts/demo/daemon.ts";
import { MAIN, newFolder, ROOT, removeFolder } from "./program.ts";

const FILE_KIB_MAX = 600;
const INVOICES_MAX = 5_000;

interface Invoice {
  readonly id: string;
}
/** Asks for invoices until there is no answer. */
async function untilSilence(api: ApiClient): Promise<readonly string[]> {
  const ids: string[] = [];
  try {
    for (let n = 0; n < INVOICES_MAX; n++)
      ids.push((await api.post<Invoice>("/v1/invoices", { amountMsat: "1000", description: "x".repeat(600) })).id);
  } catch {
    return ids;
  }
  throw new Error("the disk was never full");
}

describe("RELIABILITY P10: a node whose disk refuses a write", function () {
  this.timeout(60_000);
  const folder = newFolder();
  after(() => removeFolder(folder));

  it("ends with a sentence and an exit code, and has all that it acknowledged when it is started again", async () => {
    const ports = ["--api-port", "0", "--peer-port", "0", "--chain-port", "0"];
    const command = [process.execPath, ...MAIN, "--datadir", join(folder, "node"), ...ports];
    const limited = ["-c", 'ulimit -f "$0" && exec "$@"', String(FILE_KIB_MAX), ...command];
    const child = spawn("bash", limited, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
    const line = await new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).once("line", resolve);
    });
    const started = JSON.parse(line) as Started;
    const token = readFileSync(join(folder, "node", "admin.token"), "utf8").trim();
    const invoices = await untilSilence(apiClient(started.api, token));
    // LMDB's heap is not sound after that: now and then the system finds out while the process ends.
    expect(await ended, said).to.be.oneOf([1, "SIGABRT"]);
    expect(said).to.match(/File too large[\s\S]*\nThe node has stopped: see the line before\.\n/);

    const again = await startDaemon({
      name: "node",
      folder,
      ports: { api: 0, peer: 0, chain: 0 },
      chainPeer: undefined,
      env: {},
    });
    const kept = await Promise.all(
      invoices.map((id) => again.api.get<Invoice>(`/v1/invoices/${id.replace(/^inv_/, "")}`)),
    );
    expect(kept.map(({ id }) => id)).to.deep.equal(invoices);
    expect(invoices).to.have.length.above(10);
    await again.stop();
  });
});
