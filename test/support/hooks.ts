import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepSigners } from "../../src/lab/signers.ts";
import { areElsewhere, elsewhere } from "./signers.ts";
import { type VectorUse, vectorReport, vectorUse } from "./vectors.ts";

// Files make worlds while they are loaded.
if (areElsewhere) keepSigners((words) => elsewhere({ tag: "words", words }));

/** Names a folder where each process of a run leaves what vectors its tests have used. */
const FOLDER = "TEST_VECTOR_USE";

/** Mocha's fixture of a whole run, before its processes start. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env[FOLDER] = await mkdtemp(join(tmpdir(), "sluice-vector-use-"));
}
/** Mocha root hooks: after each file, or after all of them where one process runs them. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    const folder = process.env[FOLDER];
    if (folder !== undefined) await writeFile(join(folder, `${process.pid}.json`), JSON.stringify(vectorUse()));
  },
};
/** Mocha's fixture of a whole run, after it: every run says at its end which vectors it used. */
export async function mochaGlobalTeardown(): Promise<void> {
  const folder = process.env[FOLDER] ?? "";
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  await rm(folder, { recursive: true });
  console.log(`\n${vectorReport(texts.map((text) => JSON.parse(text) as VectorUse))}`);
}
