import { existsSync } from "node:fs";
import { join } from "node:path";
import { Refused } from "../adapters/sentences.ts";
import { systemRandom } from "../adapters/system.ts";
import { openWords } from "../adapters/words.ts";
import { areWords, newWords } from "../daemon/keychain.ts";

/** In a folder with keys. */
export const WORDS = "words";

/** To a person, before a line is read. */
export const WORDS_QUESTION = "The node's 12 or 24 words, on one line that is not shown: ";
export const NO_WORDS =
  "These are not the words of a node: 12 or 24 of the list of BIP 39, the last of which fits the others.";
/** The words that somebody has written, however they are spaced; undefined when they are none of a node. */
export function wordsOfText(text: string): string | undefined {
  const words = text.trim().toLowerCase().split(/\s+/).join(" ");
  return areWords(words) ? words : undefined;
}

/**
 * The words in this folder, made where there are none, and whether they may have been used before: they were there, and what
 * is made with them was not.
 * @param made the name of what is made with them: new words would open nothing of it, and be taken for the right ones
 */
export async function wordsIn(
  datadir: string,
  made: string,
): Promise<{ readonly words: string; readonly wordsWereUsed: boolean }> {
  const path = join(datadir, WORDS);
  const wordsWereUsed = existsSync(path) && !existsSync(join(datadir, made));
  const words = await openWords(path, () => {
    if (existsSync(join(datadir, made)))
      throw new Refused(`${path} is missing, and the data beside it can be used with no other words.`);
    return newWords(systemRandom);
  });
  if (!areWords(words)) throw new Refused(`${path} does not hold the words of a node.`);
  return { words, wordsWereUsed };
}
