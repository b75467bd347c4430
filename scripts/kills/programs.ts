import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What Node is to run. Undefined: from source, by way of tsx. */
export interface Programs {
  readonly daemon: readonly string[] | undefined;
  readonly checker: readonly string[] | undefined;
}
export const FROM_SOURCE: Programs = { daemon: undefined, checker: undefined };
const ROOT = join(import.meta.dirname, "..", "..");

/** Compiles the house into a folder of its own: a daemon starts in half the time, and it starts very often. */
export async function compiled(): Promise<{ readonly programs: Programs; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-compiled-"));
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  await promisify(execFile)(tsc, ["--outDir", join(folder, "dist"), "--noCheck"], { cwd: ROOT });
  await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const at = (...path: readonly string[]): readonly string[] => [join(folder, "dist", ...path)];
  return {
    programs: { daemon: at("src", "main.js"), checker: at("scripts", "demo", "check.js") },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
