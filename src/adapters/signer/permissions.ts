import { lstatSync, type Stats, statSync } from "node:fs";
import { Refused } from "../sentences.ts";

/** Writable by the group or by all. */
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
/** In such a folder nobody but its owner removes or renames a file. */
const STICKY = 0o1000;
const ROOT = 0;

/** The user that this process runs for; undefined on systems that have none. */
const self = (): number | undefined => process.getuid?.();
const isOurs = ({ uid }: Stats): boolean => self() === undefined || uid === self();

/** Whoever may write in the folder of a socket can put another in its place. */
export function checkFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw new Refused(`${path} is no folder.`);
  const isSafe = (found.mode & OTHERS_WRITE) === 0 || (found.mode & STICKY) !== 0;
  if (!isSafe || !(isOurs(found) || found.uid === ROOT))
    throw new Refused(
      `${path} may be written by others than this user: make it yours, and take that from them (chmod go-w).`,
    );
}

/** Node does not say who is at the other end of a socket; who may listen there is said by its file. */
export function checkSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Refused(`No signer listens on ${path}.`);
  if (!found.isSocket()) throw new Refused(`${path} is no socket.`);
  if (!isOurs(found) || (found.mode & OTHERS) !== 0)
    throw new Refused(`${path} is open to others than this user: its mode has to be 0600.`);
}

/** Nothing when there are none yet. */
export function checkWords(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (!isOurs(found) || (found.mode & OTHERS) !== 0))
    throw new Refused(`${path} is open to others than this user: its mode has to be 0600.`);
}
