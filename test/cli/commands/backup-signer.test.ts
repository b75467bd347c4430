import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { backupText, parseBackupText, sealBackup } from "../../../src/daemon/backup/sealed.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { backedUpChannel, backupWith } from "../../support/backup-samples.ts";
import { elsewhere } from "../../support/signers.ts";
import { run } from "../daemon.ts";

const WORDS = `${"abandon ".repeat(23)}art`;
const { nodeId, backupKey } = keychainOf(WORDS, "regtest");

describe("backup restore where a signer has the words", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const home = elsewhere({ tag: "words", words: WORDS });
  const signer = `unix:${home.path}`;
  const backup = backupWith([backedUpChannel(0)]);
  const restore = (flags: readonly string[], env: Record<string, string> = {}, terminal = false) =>
    run(["--datadir", at("new"), "backup", "restore", at("file"), ...flags], {
      terminal,
      typed: "words that nobody asks for",
      env: { SLUICE_NETWORK: "regtest", ...env },
    });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-restore-"));
    await writeFile(at("file"), backupText(sealBackup(backupKey, backup)));
  });
  afterEach(() => rm(at("new"), { recursive: true, force: true }));
  after(() => rm(folder, { recursive: true }));

  it("refuses a signer whose words are new, or that is not there, and writes nothing", async () => {
    for (const [named, said] of [
      [signer, "The words of the signer are new"],
      [`unix:${at("nowhere")}`, "No signer listens on"],
      [at("nowhere"), "--signer must be unix:/path."],
    ] as const) {
      const { exit, err } = await restore(["--signer", named]);
      expect([exit, err.includes(said)], err).to.deep.equal([2, true]);
      expect(existsSync(at("new"))).to.equal(false);
    }
  });
  it("asks it, not a person, puts only the backup into the folder, and says how to go on", async () => {
    const used = home.open();
    const channel = used.channel(0, FRESH_MEMORY);
    if (channel.ok) channel.value.keys.commitmentSecret(0n);
    await used.keep(used.mark());
    home.leave();
    const { exit, out } = await restore(["--signer", signer]);
    const datadir = at("new");
    expect([exit, JSON.parse(out)]).to.deep.equal([
      0,
      { datadir, network: "regtest", nodeId, channels: 1, peers: 1, signer },
    ]);
    expect(existsSync(at("new/words"))).to.equal(false);
    const written = parseBackupText(backupKey, await readFile(at("new/backup"), "utf8"));
    expect(written).to.deep.equal({ ok: true, value: backup });
    await rm(at("new"), { recursive: true });
    const told = await restore([], { SLUICE_SIGNER: signer }, true);
    expect(told.out.split("\n")[2]).to.equal(
      `Go on with: sluice start --network regtest --datadir ${datadir} --signer ${signer}`,
    );
  });
  it("refuses a folder that has words of its own, as a start does", async () => {
    await mkdir(at("new"));
    await writeFile(at("new/words"), `${WORDS}\n`);
    const { exit, err } = await restore(["--signer", signer]);
    expect([exit, err.includes("all keys are to be with the signer")], err).to.deep.equal([2, true]);
    expect(existsSync(at("new/backup"))).to.equal(false);
  });
});
