import { writeSync } from "node:fs";
import { createRequire, register } from "node:module";

/**
 * Preloaded into a child process by tests that ask what it loads: prints one line `loaded <file or url>` for each module.
 * With NO_BINDINGS set, no native addon loads, as on a machine for which none was built.
 */
const require = createRequire(import.meta.url);
const hooks = `import { writeSync } from "node:fs";
export async function load(url, context, next) {
  writeSync(1, "loaded " + url + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { NO_BINDINGS } = process.env;
if (NO_BINDINGS !== undefined) {
  require.extensions[".node"] = (module) => {
    throw new Error(`no binding: ${module.filename}`);
  };
}
process.on("exit", () => {
  for (const file of Object.keys(require.cache)) writeSync(1, `loaded ${file}\n`);
});
