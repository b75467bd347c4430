import { OldCopy } from "../ports/signer.ts";
import { StoreCorrupt } from "../ports/store.ts";

/** What a person can put right: told in one sentence, with nothing changed on disk. */
export class Refused extends Error {
  override readonly name: string = "Refused";
}

type SystemError = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  /** The second path of a call that has two. */
  readonly dest?: string;
};
/** Of the system, what an operator meets: busy ports, folders that may not be written, full disks. */
const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "is not allowed",
  EPERM: "is not allowed",
  EROFS: "is on a disk that cannot be written",
  ENOSPC: "does not fit: the disk is full",
  ENOTDIR: "is not a folder",
  EISDIR: "is a folder",
  EEXIST: "has been made by somebody else just now",
};

/** Why a node does not start, or has stopped, for its operator; undefined when that is a bug of ours. */
export function sentenceFor(error: unknown): string | undefined {
  if (error instanceof Refused) return error.message;
  if (error instanceof OldCopy) return `The data is an old copy, and nothing was changed: ${error.message}.`;
  if (error instanceof StoreCorrupt) {
    return `The data is broken, and nothing was changed: ${error.message}. Put back a whole copy of the data folder, not one of an earlier day.`;
  }
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code, address, port, path, dest } = error as SystemError;
  if (code === "EADDRINUSE") return `Port ${port} of ${address} is in use.`;
  const fault = SYSTEM[String(code)];
  if (fault === undefined) return undefined;
  return path === undefined ? `${error.message}.` : `${dest ?? path} ${fault}.`;
}
