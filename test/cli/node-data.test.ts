import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openNodeData } from "../../src/cli/node-data.ts";
import { loadConfig } from "../../src/daemon/config.ts";
import { WORDS } from "../contract/signer.ts";

describe("what of a data folder only its words open", () => {
  it("tells that the words may have been used until a node has begun, also when a start before came to nothing", async () => {
    const datadir = await mkdtemp(join(tmpdir(), "sluice-data-"));
    await writeFile(join(datadir, "words"), WORDS, { mode: 0o600 });
    const loaded = loadConfig(["--datadir", datadir, "--network", "regtest"], {});
    if (!loaded.ok) throw new Error("settings");
    for (const start of ["first", "second"]) {
      const closers: (() => Promise<unknown>)[] = [];
      const { wordsWereUsed } = await openNodeData(loaded.value.config, closers, () => {});
      expect(wordsWereUsed, start).to.equal(true);
      for (const close of closers.reverse()) await close();
    }
    await rm(datadir, { recursive: true });
  });
});
