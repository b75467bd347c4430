import { sentenceFor } from "../adapters/sentences.ts";

/** What a program in the foreground ends with when a person can put right what was wrong. */
export const EXIT_REFUSED = 1;

/** The longest that a timer of Node's can wait. */
const ALIVE_MS = 2 ** 31 - 1;

/**
 * Runs a program to its end; resolves with the exit code. What a person can put right is said in a sentence. Until then the process
 * lives: Node ends one that waits for nothing but a promise, and no timer of ours counts for it.
 */
export async function ending(run: () => Promise<void>): Promise<number> {
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    await run();
    return 0;
  } catch (error) {
    const sentence = sentenceFor(error);
    if (sentence === undefined) throw error;
    console.error(sentence);
    return EXIT_REFUSED;
  } finally {
    clearInterval(alive);
  }
}

/**
 * Ends this process at once, without its exit handlers: where a disk has refused a write, LMDB's thread may wait for this one for
 * ever, and an exit waits for that thread. Everything that must not be lost is on the disk.
 */
export function endAtOnce(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("this process has ended");
}
