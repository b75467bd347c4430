import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";

/** More than a block of the bench holds. */
const DIFFERENT = 4_096;
/**
 * Signatures to verify, each another one: of a few that come again and again a processor soon knows every branch, and is faster
 * than with a block's.
 */
export function signedDigests() {
  return Array.from({ length: DIFFERENT }, (_, at) => {
    const secret = sha256(Uint8Array.of(1, at, at >> 8));
    const digest = sha256(Uint8Array.of(2, at, at >> 8));
    return { digest, point: secp256k1.publicKey(secret), signature: secp256k1.sign(digest, secret) };
  });
}

/** Threads that do nothing but verify: what the machine gives at most. */
export class VerifyThreads {
  readonly #workers: readonly Worker[];
  constructor() {
    const here = JSON.stringify(import.meta.url);
    const source = [
      `const load = require("node:module").createRequire(${here});`,
      'load("tsx/cjs/api").register();',
      'load("./verify-worker.ts");',
    ].join("\n");
    this.#workers = Array.from({ length: availableParallelism() }, () => new Worker(source, { eval: true }));
  }
  /** Milliseconds for so many signatures on all cores together. */
  async verify(count: number): Promise<number> {
    const each = Math.ceil(count / this.#workers.length);
    const begin = performance.now();
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise((resolve) => {
            worker.once("message", resolve);
            worker.postMessage(each);
          }),
      ),
    );
    return performance.now() - begin;
  }
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
