import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PAGE_SCRIPTS, pageScript } from "../src/adapters/page-files.ts";

/** `npm run build`, after the compiler: the pages as a daemon in `dist` serves them, each script in one file. */
const FROM = fileURLToPath(new URL("../src/web/", import.meta.url));
const TO = fileURLToPath(new URL("../dist/src/web/", import.meta.url));

for (const file of readdirSync(FROM, { recursive: true, encoding: "utf8" })) {
  if (/\.(?:html|css|svg)$/.test(file)) cpSync(join(FROM, file), join(TO, file), { recursive: true });
}
for (const script of PAGE_SCRIPTS) writeFileSync(join(TO, script.built), await pageScript(FROM, script));
