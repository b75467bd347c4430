import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pageScript } from "../src/adapters/page-files.ts";

/** `npm run build`, after the compiler: the pages as a daemon in `dist` serves them, their script in one file. */
const FROM = fileURLToPath(new URL("../src/web/", import.meta.url));
const TO = fileURLToPath(new URL("../dist/src/web/", import.meta.url));

mkdirSync(TO, { recursive: true });
for (const file of readdirSync(FROM)) if (/\.(?:html|css|svg)$/.test(file)) cpSync(join(FROM, file), join(TO, file));
writeFileSync(join(TO, "video.js"), await pageScript(FROM));
