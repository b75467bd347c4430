import { sentenceFor } from "../adapters/sentences.ts";

/** What a program in the foreground ends with when a person can put right what was wrong. */
export const EXIT_REFUSED = 1;

/** Runs a program to its end; resolves with the exit code. What a person can put right is said in a sentence. */
export async function ending(run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    const sentence = sentenceFor(error);
    if (sentence === undefined) throw error;
    console.error(sentence);
    return EXIT_REFUSED;
  }
}
