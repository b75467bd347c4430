import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import type { BackupFile } from "../../../src/daemon/backup/host.ts";
import { openBackup, parseBackupText } from "../../../src/daemon/backup/sealed.ts";
import type { StaticBackup } from "../../../src/daemon/backup/static-backup.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { KEY } from "../../../src/daemon/records.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { bury } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { invoiceOf, line, soon, violations } from "../small-world.ts";

/** A file whose writes end when told to. */
class HeldFile implements BackupFile {
  found: StaticBackup | undefined;
  text = "";
  readonly #waiting: { readonly text: string; readonly done: () => void; readonly fail: (error: Error) => void }[] = [];
  isHeld = false;
  write(text: string): Promise<void> {
    return new Promise((done, fail) => {
      this.#waiting.push({ text, done, fail });
      if (!this.isHeld) this.release();
    });
  }
  release(): void {
    for (const { text, done } of this.#waiting.splice(0)) {
      this.text = text;
      done();
    }
  }
  fail(): void {
    for (const { fail } of this.#waiting.splice(0)) fail(new Error("no space left on device"));
  }
  /** What the words of a node read in it. */
  read({ words }: LabNode): StaticBackup {
    const parsed = parseBackupText(keychainOf(words, "regtest").backupKey, this.text);
    if (!parsed.ok) throw new Error(parsed.error.code);
    return parsed.value;
  }
}
const ids = (backup: StaticBackup): readonly string[] => backup.channels.map(({ params }) => params.channelId).sort();
const open = (node: LabNode, peer: LabNode) =>
  node.node.openChannel({ nodeId: peer.id, capacity: sat(200_000n), push: msat(0n), announce: true });

describe("The backup beside the store", () => {
  let world: World;
  let node: LabNode;
  let peer: LabNode;
  let file: HeldFile;
  beforeEach(async () => {
    const made = await line(2);
    world = made.world;
    [node, peer] = made.nodes as [LabNode, LabNode];
    file = new HeldFile();
    node.crash(node.disk.pending);
    await node.start({ backupFile: file });
    await world.pass(5_000);
  });
  const waiting = (): number => world.chain.brain.pool.entries.size;

  it("is there from the first minute, and newer with each channel that comes", async () => {
    const before = ids(file.read(node));
    expect(before).to.deep.equal(node.node.channels().map(({ id }) => id));
    const opened = await soon(world, open(node, peer));
    if (!opened.ok) throw new Error(opened.error.detail);
    await bury(world);
    expect(ids(file.read(node))).to.deep.equal([...before, opened.value.id].sort());
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY P6: lets no funding transaction leave before it tells of the channel", async () => {
    file.isHeld = true;
    const opening = open(node, peer);
    await world.pass(5_000);
    expect(waiting()).to.equal(0);
    expect(node.node.channels().map(({ state }) => state)).to.deep.equal(["Normal", "WaitForFundingConfirmed"]);
    file.release();
    const opened = await soon(world, opening);
    expect(opened.ok).to.equal(true);
    await world.pass(500);
    expect(waiting()).to.equal(1);
    expect(file.read(node).channels).to.have.length(2);
  });
  it("keeps what follows our tx_signatures behind them, while it is to tell of a splice first", async () => {
    const [id] = node.node.channels().map((one) => one.id);
    if (id === undefined) throw new Error("a channel");
    const invoice = await invoiceOf(world, peer);
    file.isHeld = true;
    const spliced = node.node.spliceChannel({ id, direction: "out", amount: sat(50_000n), feerate: satPerKw(1_000) });
    expect(await world.until(() => node.node.channels()[0]?.splices.length === 1, 10_000)).to.equal(true);
    expect(peer.node.channels()[0]?.splices.length, "our signatures are not out").to.equal(0);
    const begun = await soon(world, node.node.pay({ bolt11: invoice.bolt11 }));
    if (!begun.ok) throw new Error(begun.error.detail);
    await world.pass(2_000);
    expect(world.tally.messages.get("warning") ?? 0, "to the peer it is still quiet").to.equal(0);
    file.release();
    file.isHeld = false;
    expect((await soon(world, spliced)).ok).to.equal(true);
    expect((await soon(world, node.node.paymentEnd(begun.value.id, 60_000), 60_000))?.state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("is written after a crash in between, and then the funding transaction leaves", async () => {
    file.isHeld = true;
    void open(node, peer);
    await world.pass(5_000);
    node.crash(node.disk.pending);
    const next = new HeldFile();
    await node.start({ backupFile: next });
    await world.pass(2_000);
    expect(next.read(node).channels).to.have.length(2);
    expect(waiting()).to.equal(1);
    expect(violations(world)).to.deep.equal([]);
  });
  it("stops the node when the disk does not take it, as the store does: no money has left", async () => {
    file.isHeld = true;
    void open(node, peer);
    await world.pass(5_000);
    file.fail();
    await world.pass(1_000);
    expect(violations(world).map((text) => text.split("\n")[0])).to.deep.equal([
      "no_halt at n0: Error: no space left on device",
    ]);
    expect(waiting()).to.equal(0);
  });
  it("RELIABILITY P6: is never replaced by less: beside a store that was lost it brings its channels back first", async () => {
    const found = file.read(node);
    node.crash(0);
    node.disk.restore(memoryDisk({ sync: () => {} }).snapshot());
    world.violations.splice(0);
    const next = new HeldFile();
    next.found = found;
    await node.start({ backupFile: next, wordsWereUsed: true });
    world.violations.splice(0);
    await world.pass(3_000);
    expect(node.node.channels().map(({ state }) => state)).to.deep.equal(["Restored"]);
    expect(node.node.info().channels).to.deep.equal({ active: 0, pending: 0, closing: 1 });
    expect(ids(next.read(node))).to.deep.equal(ids(found));
    const { lineage } = next.read(node).mark;
    expect(lineage).not.to.deep.equal(found.mark.lineage);
    const end = world.clock.now() + 90_000;
    while (world.clock.now() < end) {
      world.violations.splice(0);
      await world.pass(end - world.clock.now());
    }
    const record = peer.recorder.record(`${KEY.peerStorage}${node.id}`);
    const kept = openBackup(keychainOf(node.words, "regtest").backupKey, record?.slice(3, -1) ?? new Uint8Array(0));
    expect(kept.ok && kept.value.mark.lineage, "peers keep the new one").to.deep.equal(lineage);
  });
});
