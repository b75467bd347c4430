import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { backupText, parseBackupText, sealBackup } from "../../../src/daemon/backup/sealed.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { backedUpChannel, backupWith, PEER } from "../../support/backup-samples.ts";
import { type FakeDaemon, fakeDaemon, problem, run } from "../daemon.ts";
import { HASH, NODE } from "../samples.ts";

const WORDS_24 = `${"abandon ".repeat(23)}art`;
const WORDS_12 = `${"abandon ".repeat(11)}about`;
const CHANNEL = { id: `ch_${HASH}`, peer: NODE, funding: `${HASH}:1`, capacitySat: "1000000", standing: "open" };
const CHECK = {
  network: "regtest",
  changedAt: "2026-01-02T03:04:05.678Z",
  isComplete: true,
  channels: [CHANNEL],
  missing: [],
};
const keyOf = (words: string): Uint8Array => keychainOf(words, "regtest").backupKey;

describe("backup", () => {
  let daemon: FakeDaemon;
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const answering = async (check: object, status = 200): Promise<void> => {
    daemon = await fakeDaemon({
      "GET /v1/backup": { body: { text: "sluice-backup-1:AAAA\n", changedAt: CHECK.changedAt, channels: 1 } },
      "POST /v1/backup/verify": { status, body: check },
    });
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-backup-"));
    await answering(CHECK);
  });
  afterEach(async () => {
    await daemon.close();
    await rm(folder, { recursive: true });
  });

  it("export writes to the screen, or to a file that is this user's alone", async () => {
    expect((await daemon.run(["backup", "export"], { terminal: true })).out).to.equal("sluice-backup-1:AAAA\n");
    const { out } = await daemon.run(["backup", "export", at("a")], { terminal: true });
    expect(out).to.equal(`1 channel written to ${at("a")}\n`);
    expect(await readFile(at("a"), "utf8")).to.equal("sluice-backup-1:AAAA\n");
    expect((await stat(at("a"))).mode & 0o777).to.equal(0o600);
  });
  it("RELIABILITY P6: export replaces no file that knows more, or that is something else", async () => {
    await writeFile(at("a"), "older");
    await daemon.close();
    await answering({ ...CHECK, channels: [{ ...CHANNEL, standing: "unknown" }] });
    expect((await daemon.run(["backup", "export", at("a")])).exit).to.equal(1);
    await daemon.close();
    const { body, status } = problem(400, "BAD_REQUEST", "This is a backup of other words.");
    await answering(body as object, status);
    expect((await daemon.run(["backup", "export", at("a")])).exit).to.equal(2);
    expect(await readFile(at("a"), "utf8")).to.equal("older");
  });
  it("export to where nothing can be written ends with a sentence", async () => {
    const { exit, err } = await daemon.run(["backup", "export", at("nowhere/a")]);
    expect(exit).to.equal(2);
    expect(JSON.parse(err)).to.include({ code: "USAGE", detail: `${at("nowhere/a")} cannot be written: ENOENT.` });
  });
  it("export and restore write nothing with --dry-run, and say what they would have written", async () => {
    const exported = await daemon.run(["backup", "export", at("a"), "--dry-run"]);
    expect([exported.exit, JSON.parse(exported.out)]).to.deep.equal([0, { dryRun: { write: [at("a")] } }]);
    expect(await stat(at("a")).catch(() => undefined)).to.equal(undefined);
    const peers = ["--peer", `${NODE}@192.0.2.7:9735`];
    const restored = await restore([...peers, "--dry-run"], WORDS_12);
    const write = [at("new/words"), at("new/backup")];
    expect([restored.exit, JSON.parse(restored.out)]).to.deep.equal([0, { dryRun: { write } }]);
    expect(await stat(at("new")).catch(() => undefined)).to.equal(undefined);
    const told = await daemon.run(["backup", "export", at("a"), "--dry-run"], { terminal: true });
    expect(told.out).to.equal(`would write ${at("a")}\n`);
  });
  it("verify says what is in a file, and ends with 1 when a channel is missing", async () => {
    await writeFile(at("a"), "sluice-backup-1:AAAA\n");
    const whole = await daemon.run(["backup", "verify", at("a")], { terminal: true });
    expect([whole.exit, whole.out.split("\n").slice(0, 2)]).to.deep.equal([
      0,
      ["a backup of these words, regtest, of 2026-01-02 03:04:05", "complete: every channel of the node is in it"],
    ]);
    await daemon.close();
    await answering({ ...CHECK, isComplete: false, missing: [`ch_${HASH}`] });
    const lacking = await daemon.run(["backup", "verify", at("a")], { terminal: true });
    expect([lacking.exit, lacking.out.split("\n")[1]]).to.deep.equal([1, "1 channel missing"]);
  });

  const restore = (words: readonly string[], typed = "") =>
    daemon.run(["--datadir", at("new"), "backup", "restore", ...words], { typed, env: { SLUICE_NETWORK: "regtest" } });
  const prepared = async (words: string) => {
    const parsed = parseBackupText(keyOf(words), await readFile(at("new/backup"), "utf8"));
    if (!parsed.ok) throw new Error(parsed.error.code);
    return parsed.value;
  };
  for (const words of [WORDS_12, WORDS_24])
    it(`restore prepares a folder from ${words.split(" ").length} words and a file`, async () => {
      const backup = backupWith([backedUpChannel(0), backedUpChannel(1)]);
      await writeFile(at("a"), backupText(sealBackup(keyOf(words), backup)));
      const typed = `  ${words.toUpperCase().replaceAll(" ", "   ")} `;
      const { exit, out } = await restore([at("a")], typed);
      const { nodeId } = keychainOf(words, "regtest");
      expect([exit, JSON.parse(out)]).to.deep.equal([
        0,
        { datadir: at("new"), network: "regtest", nodeId, channels: 2, peers: 1 },
      ]);
      expect(await readFile(at("new/words"), "utf8")).to.equal(`${words}\n`);
      expect(await prepared(words)).to.deep.equal(backup);
    });
  it("restore takes peers to ask, beside a file or alone", async () => {
    const peer = `${NODE}@192.0.2.7:9735`;
    expect((await restore(["--peer", peer], WORDS_12)).exit).to.equal(0);
    const { channels, peers } = await prepared(WORDS_12);
    expect({ channels, peers }).to.deep.equal({
      channels: [],
      peers: [{ nodeId: NODE, address: { host: "192.0.2.7", port: 9735 } }],
    });
    await rm(at("new"), { recursive: true });
    await writeFile(at("a"), backupText(sealBackup(keyOf(WORDS_12), backupWith([backedUpChannel(0)]))));
    expect((await restore([at("a"), "--peer", peer], WORDS_12)).exit).to.equal(0);
    expect((await prepared(WORDS_12)).peers.map(({ nodeId }) => nodeId)).to.deep.equal([NODE, PEER]);
  });
  it("restore says what comes next: of a file how many channels, of peers that they are asked", async () => {
    const peers = ["--peer", `${NODE}@192.0.2.7:9735`];
    const how = { terminal: true, typed: WORDS_12 };
    const { out } = await run(["--datadir", at("new"), "backup", "restore", ...peers], how);
    expect(out.split("\n")[1]).to.equal("1 peer is asked for what it keeps; coins are looked for in the chain.");
    await writeFile(at("a"), backupText(sealBackup(keyOf(WORDS_12), backupWith([backedUpChannel(0)]))));
    const other = await run(["--datadir", at("other"), "backup", "restore", at("a")], how);
    expect(other.out.split("\n")[1]).to.equal(
      "1 channel will be closed by its peer; coins are looked for in the chain.",
    );
  });
  it("restore asks for no words in vain where the file is not there", async () => {
    const { exit, err } = await restore([at("nowhere")], "");
    expect(exit).to.equal(2);
    expect(JSON.parse(err)).to.include({ detail: `${at("nowhere")} is not there.` });
  });
  it("restore refuses what cannot be, and then writes nothing", async () => {
    await writeFile(at("a"), backupText(sealBackup(keyOf(WORDS_24), backupWith([backedUpChannel(0)]))));
    await writeFile(at("signet"), backupText(sealBackup(keyOf(WORDS_12), backupWith([], { network: "signet" }))));
    for (const [words, typed, said] of [
      [[], WORDS_12, "from a file, or from peers"],
      [[at("a")], "abandon about", "not the words of a node"],
      [[at("a")], WORDS_12, "a backup of other words"],
      [[at("signet")], WORDS_12, "a backup of channels on signet, and this is regtest"],
      [[at("nowhere")], WORDS_12, "is not there"],
      [["--peer", "somebody"], WORDS_12, "somebody is not a peer"],
      [["--peer", `${PEER}@host:65536`], WORDS_12, `${PEER}@host:65536 is not a peer`],
    ] as const) {
      const { exit, err } = await restore(words, typed);
      expect([exit, err.includes(said)], `${said}: ${err}`).to.deep.equal([2, true]);
      expect(await stat(at("new")).catch(() => undefined)).to.equal(undefined);
    }
    expect((await restore([at("a")], WORDS_24)).exit).to.equal(0);
    expect((await restore([at("a")], WORDS_24)).err).to.include("is there already");
  });
});
