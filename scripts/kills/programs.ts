import { copyFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

/** What Node is to run. Undefined: from source, by way of tsx. */
export interface Programs {
  readonly daemon: readonly string[] | undefined;
  readonly signer: readonly string[] | undefined;
  readonly checker: readonly string[] | undefined;
}
const ROOT = join(import.meta.dirname, "..", "..");

/** Of each program its one file, and of each module that is asked for by its name while that runs. */
export const ENTRIES: Readonly<Record<string, string>> = {
  "src/main": "src/main.ts",
  "src/signer": "src/signer.ts",
  "src/thread": "src/adapters/signer/thread.ts",
  "src/script-worker": "src/adapters/chain/embedded/script-worker.ts",
  "src/mining-worker": "src/adapters/chain/embedded/mining-worker.ts",
  "src/crypto/secp256k1-noble": "src/crypto/secp256k1-noble.ts",
  "scripts/demo/check": "scripts/demo/check.ts",
};
/** For the CommonJS in a bundle, which an ES module has no `require` for. */
const REQUIRE = [
  'import { createRequire as requireFrom } from "node:module";',
  "const require = requireFrom(import.meta.url);",
].join("\n");

/** Bundles the house into a folder of its own: a daemon starts with half the work, and it starts very often. */
export async function bundled(): Promise<{ readonly programs: Programs; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bundled-"));
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRIES).map(([name, file]) => ({ in: file, out: name })),
    outdir: join(folder, "dist"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["source"],
    // It finds its native part by where it lies itself.
    external: ["lmdb"],
    banner: { js: REQUIRE },
    logLevel: "error",
  });
  await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const at = (...path: readonly string[]): readonly string[] => [join(folder, "dist", ...path)];
  return {
    programs: {
      daemon: at("src", "main.js"),
      signer: at("src", "signer.js"),
      checker: at("scripts", "demo", "check.js"),
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
