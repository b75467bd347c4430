import { expect } from "chai";
import { fundingOutput } from "../../../channels/tx/funding-tx.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import type { ChannelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import type { BackupFile } from "../../../src/daemon/backup/host.ts";
import { parseBackupText } from "../../../src/daemon/backup/sealed.ts";
import type { StaticBackup } from "../../../src/daemon/backup/static-backup.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { line, soon } from "../small-world.ts";

/** A disk on which nothing was ever written. */
const EMPTY = memoryDisk({ sync: () => {} }).snapshot();
/** A world stands still at a violation, and the recorder remembers what a lost disk does not. */
async function passed(world: World, ms: number): Promise<void> {
  const end = world.clock.now() + ms;
  while (world.clock.now() < end) {
    world.violations.length = 0;
    await world.pass(end - world.clock.now());
  }
}
const ids = ({ node }: LabNode): readonly ChannelId[] => node.channels().map(({ id }) => id);

/** Keeps what was written to it last. */
class Kept implements BackupFile {
  found: StaticBackup | undefined;
  text = "";
  write(text: string): Promise<void> {
    this.text = text;
    return Promise.resolve();
  }
}

/**
 * A node that has lost its disk and is restored from its backup, while its peer is away: with a channel that the peer has
 * opened, alone or so that both fund it, and whose funding transaction never leaves, and one that a block holds.
 */
async function restored(dual = false): Promise<Scene> {
  const contributes = { contribution: sat(50_000n) };
  const { world, nodes } = await line(2, { channelPolicy: (at) => (at === 1 && dual ? contributes : {}) });
  const [peer, node] = nodes as [LabNode, LabNode];
  const funded = present(ids(node)[0], "a channel");
  const file = new Kept();
  peer.crash(peer.disk.pending);
  node.crash(node.disk.pending);
  // What would tell of the channel first is never written, so the transaction stays where it is.
  await peer.start({ backupFile: { found: undefined, write: () => new Promise(() => {}) } });
  await node.start({ backupFile: file });
  await passed(world, 20_000);
  const request = { nodeId: node.id, capacity: sat(200_000n), push: msat(0n), announce: false, dual };
  void peer.node.openChannel(request);
  expect(await world.until(() => ids(node).length === 2, 20_000)).to.equal(true);
  const never = present(
    ids(node).find((id) => id !== funded),
    "the new channel",
  );
  await passed(world, 5_000);
  world.network.part(peer.name, node.name);
  node.crash(0);
  node.disk.restore(EMPTY);
  const found = parseBackupText(keychainOf(node.words, "regtest").backupKey, file.text);
  if (!found.ok) throw new Error(found.error.code);
  await node.start({ backupFile: Object.assign(new Kept(), { found: found.value }), wordsWereUsed: true });
  await passed(world, 20_000);
  expect(node.node.channels().map(({ state }) => state)).to.deep.equal(["Restored", "Restored"]);
  return { world, node, never, funded };
}
interface Scene {
  readonly world: World;
  readonly node: LabNode;
  readonly never: ChannelId;
  readonly funded: ChannelId;
}
async function mined(world: World, blocks: number): Promise<void> {
  world.chain.mine(blocks);
  await passed(world, 60_000);
}
const byHand = async ({ world, node }: Scene, id: ChannelId): Promise<string> => {
  const answer = await soon(world, node.node.closeChannel({ id, force: true }));
  return answer.ok ? "forgotten" : answer.error.detail;
};
const HELD = "a block holds its funding transaction: its peer has to close it";

describe("RELIABILITY U18: a restored channel whose funding never comes", () => {
  it("is forgotten after 2,016 blocks if its peer alone was to fund it; one that a block holds is not, nor by command", async function () {
    this.timeout(120_000);
    const scene = await restored();
    const { world, node, never, funded } = scene;
    await mined(world, 100);
    expect(await byHand(scene, never)).to.match(
      /^its funding transaction may still come: it is waited for until block \d+$/,
    );
    expect(await byHand(scene, funded), "at any time").to.equal(HELD);
    await mined(world, 1_910);
    expect(ids(node)).to.have.members([never, funded]);
    await mined(world, 160);
    expect(ids(node)).to.deep.equal([funded]);
    expect(await byHand(scene, funded)).to.equal(HELD);
    node.crash(node.disk.pending);
    const records = [...node.disk.open().range("channel/")].map(({ key }) => key);
    expect(records).to.deep.equal([`channel/${funded}`]);
  });

  it("is forgotten too when somebody has paid to the same script with something else", async function () {
    this.timeout(120_000);
    const scene = await restored();
    const { world, node, never, funded } = scene;
    const { local, remote, capacity } = present(node.recorder.last.get(never), "as it was before").params;
    const { script } = fundingOutput(local.basepoints.fundingPubkey, remote.basepoints.fundingPubkey, capacity);
    world.chain.mine(1, script);
    await mined(world, 2_016 + 160);
    expect(ids(node)).to.deep.equal([funded]);
    expect(await byHand(scene, funded)).to.equal(HELD);
  });

  it("is left to its operator where coins of ours may be in the transaction", async function () {
    this.timeout(120_000);
    const scene = await restored(true);
    const { world, node, never, funded } = scene;
    await mined(world, 2_016 + 160);
    expect(ids(node)).to.have.members([never, funded]);
    expect(await byHand(scene, never)).to.equal("forgotten");
    expect(ids(node)).to.deep.equal([funded]);
    expect(await byHand(scene, funded)).to.equal(HELD);
  });
});
