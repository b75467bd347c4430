import { Worker } from "node:worker_threads";

/**
 * Starts a module of this folder as a thread: `.js` when compiled. From source it is `.ts`, which a worker can only read after it
 * has registered the loader for itself: Node 20 does not pass the main thread's on.
 * @param name  of the module, without its ending
 */
export function startThread(name: string): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(`./${name}.js`, import.meta.url));
  const here = JSON.stringify(import.meta.url);
  const source = [
    `const load = require("node:module").createRequire(${here});`,
    'load("tsx/cjs/api").register();',
    `load("./${name}.ts");`,
  ].join("\n");
  return new Worker(source, { eval: true });
}
