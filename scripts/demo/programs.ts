import { rmSync } from "node:fs";
import { copyFile, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

/** What Node is to run. */
export interface Programs {
  readonly daemon: string;
  readonly signer: string;
  readonly checker: string;
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

let made: Promise<Programs> | undefined;
/**
 * The house in one file for each program, made once for this process and gone with it. From its sources, module by module by
 * way of tsx, a daemon or signer needs four times the processor time until it serves; who tests starts many of them.
 */
export function programs(): Promise<Programs> {
  made ??= bundle();
  return made;
}

async function bundle(): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bundled-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRIES).map(([name, file]) => ({ in: file, out: name })),
    outdir: join(folder, "dist"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["source"],
    // They find their native parts by where they lie themselves.
    external: ["lmdb", "esbuild"],
    banner: { js: REQUIRE },
    logLevel: "error",
  });
  await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  // Pages, which are put together when somebody asks for them.
  await symlink(join(ROOT, "src", "web"), join(folder, "dist", "src", "web"));
  const at = (...path: readonly string[]): string => join(folder, "dist", ...path);
  return { daemon: at("src", "main.js"), signer: at("src", "signer.js"), checker: at("scripts", "demo", "check.js") };
}
