import { readFile } from "node:fs/promises";
import { Refused } from "../adapters/sentences.ts";
import { WHY } from "../daemon/backup/commands.ts";
import { parseBackupText } from "../daemon/backup/sealed.ts";
import { type BackupMark, isAhead, type StaticBackup } from "../daemon/backup/static-backup.ts";

/** In the data folder, beside the store: what gives the channels back when the store is lost. */
export const BACKUP_FILE = "backup";

/** The backup in a file; undefined when there is no file. Rejects with `Refused` when it is none of these words and this network. */
export async function readBackupFile(
  path: string,
  { backupKey, network }: { readonly backupKey: Uint8Array; readonly network: string },
): Promise<StaticBackup | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = parseBackupText(backupKey, text);
  if (!parsed.ok) throw new Refused(`${path} is ${WHY[parsed.error.code]}.`);
  const { network: of } = parsed.value;
  if (of !== network) throw new Refused(`${path} is a backup of channels on ${of}, and this is ${network}.`);
  return parsed.value;
}

/**
 * A store that its own backup is ahead of is an old copy. RELIABILITY P5: nothing may be signed with it. Both ways out lose
 * no channel.
 */
export function refuseOldStore(
  { store, highWater, path }: { readonly store: string; readonly highWater: string; readonly path: string },
  mark: BackupMark | undefined,
  found: BackupMark,
): void {
  if (mark === undefined || !isAhead(found, mark)) return;
  throw new Refused(
    `${store} is an old copy: ${path} tells of channels that it does not know. Put the newest store back; or, if there is none, take ${store} and ${highWater} away: then the channels are restored from the backup, and their peers close them.`,
  );
}
