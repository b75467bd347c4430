import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { fakeDaemon } from "./daemon.ts";
import { info } from "./samples.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}
const sluice = (words: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const flags = ["--import", "tsx", "--conditions=source", MAIN, ...words];
    execFile(process.execPath, flags, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });

describe("the program in a process of its own", () => {
  it("answers on stdout and ends with 0", async () => {
    const daemon = await fakeDaemon({ "GET /v1/info": { body: info } });
    const { code, stdout, stderr } = await sluice(["getinfo", "--datadir", daemon.datadir]);
    await daemon.close();
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: `${JSON.stringify(info)}\n`, stderr: "" });
  });

  it("gives `start` the daemon's exit code and its sentence, with nothing written", async () => {
    const datadir = await mkdtemp(join(tmpdir(), "sluice-cli-"));
    await writeFile(join(datadir, "config.toml"), "alais = 'bob'\n");
    const { code, stderr } = await sluice(["start", "--datadir", datadir]);
    const files = await readdir(datadir);
    await rm(datadir, { recursive: true });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Unknown setting alais in .*config\.toml, line 1\. Did you mean alias\?\n$/);
    expect(files).to.deep.equal(["config.toml"]);
  });
});
