import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../adapters/documents.ts";
import { Refused } from "../adapters/sentences.ts";
import { openSocketSigner } from "../adapters/signer/socket-signer.ts";
import { openEmbeddedStore } from "../adapters/store/embedded.ts";
import type { SequencedStore } from "../adapters/store/group-commit.ts";
import { readHighWater } from "../adapters/store/high-water.ts";
import { CHAINS } from "../bitcoin/params.ts";
import { type BackupFile, loadMark } from "../daemon/backup/host.ts";
import type { Config } from "../daemon/config.ts";
import { keychainOf } from "../daemon/keychain.ts";
import { localSigner } from "../daemon/signer/local-signer.ts";
import type { Signer } from "../ports/signer.ts";
import { BACKUP_FILE, readBackupFile, refuseOldStore } from "./backup-file.ts";
import { WORDS, wordsIn } from "./words.ts";

/** In the data folder: the store of record, and how far it is known to have come. */
const STORE = "store";
export const HIGH_WATER = "high-water";

/** What of a data folder only this node's words open. */
export interface NodeData {
  readonly signer: Signer;
  /** The words were there before, and in the store no node has begun yet. */
  readonly wordsWereUsed: boolean;
  readonly store: SequencedStore;
  readonly backupFile: BackupFile;
}

/**
 * Reads words (or finds the signer that has them), backup and store; each is refused when it is not what it should be, and
 * the store when it is an old copy. `closers` get what has to be closed; `onGone` is told when the signer dies.
 */
export async function openNodeData(
  config: Config,
  closers: (() => Promise<unknown>)[],
  onGone: (error: Error) => void,
): Promise<NodeData> {
  const { datadir, network } = config;
  const { signer, wordsWereThere, close } = await signerFor(config, onGone);
  closers.push(close);
  const path = join(datadir, BACKUP_FILE);
  const found = await readBackupFile(path, { backupKey: signer.backupKey, network });
  const store = await openStore(config, signer);
  closers.push(() => store.close());
  const places = { store: join(datadir, STORE), highWater: join(datadir, HIGH_WATER), path };
  if (found !== undefined) refuseOldStore(places, loadMark(store), found.mark);
  // A node that has begun once has counted its backup: one that could not is still to look for what is there.
  const wordsWereUsed = wordsWereThere && loadMark(store) === undefined;
  return { signer, wordsWereUsed, store, backupFile: { found, write: (text) => writeDurably(path, text) } };
}

/** Whoever has the keys: the daemon itself, or the signer that its settings name. */
async function signerFor(
  { signer: named, datadir, network }: Config,
  onGone: (error: Error) => void,
): Promise<{ readonly signer: Signer; readonly wordsWereThere: boolean; readonly close: () => Promise<void> }> {
  if (named === "") {
    const wordsWereThere = existsSync(join(datadir, WORDS));
    const { words } = await wordsIn(datadir, STORE);
    return { signer: localSigner(keychainOf(words, network), CHAINS[network]), wordsWereThere, close: async () => {} };
  }
  const words = join(datadir, WORDS);
  if (existsSync(words))
    throw new Refused(
      `${words} is there, and all keys are to be with the signer: move it to the signer's folder first.`,
    );
  const signer = openSocketSigner({ path: named.slice("unix:".length), network, onGone });
  return { signer, wordsWereThere: signer.hasSigned, close: async () => signer.close() };
}
const openStore = async ({ datadir, network }: Config, { nodeId }: Signer): Promise<SequencedStore> =>
  openEmbeddedStore({
    path: join(datadir, STORE),
    network,
    owner: nodeId,
    atLeast: await readHighWater(join(datadir, HIGH_WATER)),
    readAll: true,
  });
