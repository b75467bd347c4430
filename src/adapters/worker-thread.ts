import { Worker } from "node:worker_threads";

/**
 * Starts a module as a thread: `.js` when compiled. From source it is `.ts`, which a worker can only read after it has
 * registered the loader for itself: Node 20 does not pass the main thread's on.
 * @param from  `import.meta.url` of a module in the same folder
 * @param name  of the module, without its ending
 */
export function startThread(from: string, name: string): Worker {
  if (!from.endsWith(".ts")) return new Worker(new URL(`./${name}.js`, from));
  const source = [
    `const load = require("node:module").createRequire(${JSON.stringify(from)});`,
    'load("tsx/cjs/api").register();',
    `load("./${name}.ts");`,
  ].join("\n");
  return new Worker(source, { eval: true });
}
