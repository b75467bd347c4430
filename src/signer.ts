import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Refused, sentenceFor } from "./adapters/sentences.ts";
import { stopSignal } from "./adapters/signals.ts";
import { checkWords } from "./adapters/signer/permissions.ts";
import { serveSigner } from "./adapters/signer/server.ts";
import { openEmbeddedStore } from "./adapters/store/embedded.ts";
import { keepHighWater, readHighWater } from "./adapters/store/high-water.ts";
import { openWords } from "./adapters/words.ts";
import { CHAINS } from "./bitcoin/params.ts";
import { askSecret } from "./cli/ask-secret.ts";
import { endAtOnce, ending } from "./cli/ending.ts";
import { screenLog } from "./cli/screen-log.ts";
import { NO_WORDS, WORDS, WORDS_QUESTION, wordsIn, wordsOfText } from "./cli/words.ts";
import { keychainOf } from "./daemon/keychain.ts";
import { type DaemonNetwork, isDaemonNetwork, NETWORK_DEFAULT, unknownNetwork } from "./daemon/networks.ts";
import { localSigner } from "./daemon/signer/local-signer.ts";
import { keepWordsUsed, keptMemories } from "./daemon/signer/memories.ts";
import type { Signer } from "./ports/signer.ts";

/** Beside the words: what the signer remembers. */
const MEMORIES = "signed";
const HIGH_WATER = "signed-high-water";
export const SIGNER_FLAGS = {
  socket: { type: "string" },
  datadir: { type: "string" },
  network: { type: "string", default: NETWORK_DEFAULT },
  restore: { type: "boolean", default: false },
} as const;
const UNIX = "unix:";

interface Settings {
  readonly socket: string;
  readonly datadir: string;
  readonly network: DaemonNetwork;
  /** The words are those of a node that was lost, and are asked for. */
  readonly restore: boolean;
}
function settingsOf(argv: readonly string[]): Settings {
  const { socket, datadir, network, restore } = read(argv);
  if (!isDaemonNetwork(network)) throw new Refused(unknownNetwork(network).detail);
  if (socket === undefined) throw new Refused("--socket is missing: where the node finds its signer.");
  if (datadir === undefined) throw new Refused("--datadir is missing: where the words are.");
  return { socket, datadir, network, restore };
}
function read(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: SIGNER_FLAGS }).values;
  } catch (error) {
    throw new Refused((error as Error).message);
  }
}

/** Asks for the words of a node that was lost. None that are there are replaced. */
async function takeWords(datadir: string): Promise<void> {
  const path = join(datadir, WORDS);
  for (const there of [path, join(datadir, MEMORIES)])
    if (existsSync(there)) throw new Refused(`${there} is there already: words are asked for in a new folder alone.`);
  const words = wordsOfText(await askSecret(WORDS_QUESTION));
  if (words === undefined) throw new Refused(NO_WORDS);
  await openWords(path, () => words);
}

/** Serves the keys of the words in a folder, until it is told to stop. */
async function run({ socket, datadir, network, restore }: Settings): Promise<void> {
  const log = screenLog(process.stderr.isTTY, (lines) => void process.stderr.write(lines));
  const stopping = stopSignal();
  const onHalt = (error: Error): never => {
    console.error(sentenceFor(error) ?? `The signer has stopped: ${error.stack ?? error.message}`);
    endAtOnce();
  };
  process.on("unhandledRejection", (error) => onHalt(error instanceof Error ? error : new Error(String(error))));
  if (restore) await takeWords(datadir);
  checkWords(join(datadir, WORDS));
  const { words, wordsWereUsed } = await wordsIn(datadir, MEMORIES);
  const keychain = keychainOf(words, network);
  const store = await openEmbeddedStore({
    path: join(datadir, MEMORIES),
    network,
    owner: keychain.nodeId,
    atLeast: await readHighWater(join(datadir, HIGH_WATER)),
    readAll: true,
  });
  const unmarked = ({ message }: Error): void => log.warn("high-water mark not written", { error: message });
  const closeMark = keepHighWater(join(datadir, HIGH_WATER), store, unmarked);
  try {
    if (wordsWereUsed) await keepWordsUsed(store);
    const open = (): Signer => {
      const signer = localSigner(keychain, CHAINS[network], keptMemories(store));
      // A node that loses its data before it has a channel may have coins all the same.
      void keepWordsUsed(store).catch(onHalt);
      return signer;
    };
    const served = await serveSigner({ path: socket, network, open, log, onHalt });
    console.log(JSON.stringify({ nodeId: keychain.nodeId, socket: `${UNIX}${socket}` }));
    await stopping.asked;
    await served.close();
  } finally {
    stopping.forget();
    await closeMark();
    await store.close();
  }
}

/** Starts a signer with these flags; resolves with the exit code once it has ended. */
export const main = (argv: readonly string[]): Promise<number> => ending(() => run(settingsOf(argv)));

if (import.meta.url === `file://${process.argv[1]}`) process.exit(await main(process.argv.slice(2)));
