import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../adapters/documents.ts";
import { Refused } from "../adapters/sentences.ts";
import { openEmbeddedStore } from "../adapters/store/embedded.ts";
import type { SequencedStore } from "../adapters/store/group-commit.ts";
import { readHighWater } from "../adapters/store/high-water.ts";
import { systemRandom } from "../adapters/system.ts";
import { openWords } from "../adapters/words.ts";
import { type BackupFile, loadMark } from "../daemon/backup-host.ts";
import type { Config } from "../daemon/config.ts";
import { areWords, type Keychain, keychainOf, newWords } from "../daemon/keychain.ts";
import { BACKUP_FILE, readBackupFile, refuseOldStore } from "./backup-file.ts";

/** In the data folder: the store of record, and how far it is known to have come. */
const STORE = "store";
export const HIGH_WATER = "high-water";

/** What of a data folder only this node's words open. */
export interface NodeData {
  readonly keychain: Keychain;
  /** The words were there before, and the store was not. */
  readonly wordsWereUsed: boolean;
  readonly store: SequencedStore;
  readonly backupFile: BackupFile;
}

/**
 * Reads words, backup and store; each is refused when it is not what it should be, and the store when it is an old copy.
 * `closers` get what has to be closed.
 */
export async function openNodeData(config: Config, closers: (() => Promise<unknown>)[]): Promise<NodeData> {
  const { datadir, network } = config;
  const { words, wordsWereUsed } = await wordsOf(datadir);
  const keychain = keychainOf(words, network);
  const path = join(datadir, BACKUP_FILE);
  const found = await readBackupFile(path, { backupKey: keychain.backupKey, network });
  const store = await openStore(config, keychain);
  closers.push(() => store.close());
  if (found !== undefined) refuseOldStore(join(datadir, STORE), path, loadMark(store), found.mark);
  return { keychain, wordsWereUsed, store, backupFile: { found, write: (text) => writeDurably(path, text) } };
}

/** The words, and whether they may have been used before: they were there, and the store was not. */
async function wordsOf(datadir: string): Promise<{ readonly words: string; readonly wordsWereUsed: boolean }> {
  const path = join(datadir, "words");
  const wordsWereUsed = existsSync(path) && !existsSync(join(datadir, STORE));
  const words = await openWords(path, () => {
    // New words would open nothing of what is there, and be taken for the right ones from then on.
    if (existsSync(join(datadir, STORE)))
      throw new Refused(`${path} is missing, and the data beside it can be used with no other words.`);
    return newWords(systemRandom);
  });
  if (!areWords(words)) throw new Refused(`${path} does not hold the words of a node.`);
  return { words, wordsWereUsed };
}
const openStore = async ({ datadir, network }: Config, { nodeId }: Keychain): Promise<SequencedStore> =>
  openEmbeddedStore({
    path: join(datadir, STORE),
    network,
    owner: nodeId,
    atLeast: await readHighWater(join(datadir, HIGH_WATER)),
    readAll: true,
  });
