import { backupText, parseBackupText, sealBackup } from "../../src/daemon/backup/sealed.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { backedUpChannel } from "./backup-samples.ts";

/** What the backup of these words would be after one more channel was opened. */
export function laterBackup(words: string, text: string): string {
  const { backupKey } = keychainOf(words, "regtest");
  const parsed = parseBackupText(backupKey, text);
  if (!parsed.ok) throw new Error(parsed.error.code);
  const { mark, channels } = parsed.value;
  const next = { ...mark, generation: mark.generation + 1n };
  return backupText(
    sealBackup(backupKey, { ...parsed.value, mark: next, channels: [...channels, backedUpChannel(9)] }),
  );
}
