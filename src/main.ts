import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openBaseNode } from "./adapters/chain/embedded/base-node.ts";
import { openCollection } from "./adapters/documents.ts";
import { openEmbeddedStore, StoreRefused } from "./adapters/store/embedded.ts";
import { socketStreamLinks } from "./adapters/stream-socket.ts";
import { systemClock, systemRandom } from "./adapters/system.ts";
import { tcpNetwork } from "./adapters/tcp.ts";
import { textLog } from "./adapters/text-log.ts";
import { openWords } from "./adapters/words.ts";
import { isToken, makeFirstTokens, type TokenDocument } from "./api/auth.ts";
import { createApi } from "./api/server.ts";
import { CHAINS } from "./bitcoin/params.ts";
import { addressOfText, type Config, loadConfig } from "./daemon/config.ts";
import { streamFolders } from "./daemon/hls/folders.ts";
import { areWords, newWords } from "./daemon/keychain.ts";
import { createNode } from "./daemon/node.ts";
import { policyOf } from "./daemon/policy.ts";
import { StoreCorrupt } from "./ports/store.ts";

export const VERSION = "0.1.0";
const LOOPBACK = "127.0.0.1";
const EXIT_REFUSED = 1;

/** What a person can put right: told in one sentence, with nothing changed on disk. */
class Refusal extends Error {}

/** Joins ports and adapters: config, store, chain, node, API. Resolves when all of it has ended, in the opposite order. */
async function run(config: Config): Promise<void> {
  const log = textLog(process.stderr);
  const ports = { clock: systemClock, random: systemRandom, network: tcpNetwork, log };
  const params = CHAINS[config.network];
  const { datadir } = config;
  const store = await openEmbeddedStore({ path: join(datadir, "store"), network: config.network });
  const words = await openWords(join(datadir, "words"), () => newWords(systemRandom));
  if (!areWords(words)) throw new Refusal(`${join(datadir, "words")} does not hold the words of a node.`);
  const chain = openBaseNode({ ...ports, folder: join(datadir, "chain"), params });
  const chainAddress = await chain.listen({ host: LOOPBACK, port: config.chainPort });
  const node = await createNode({
    ...ports,
    alias: config.alias,
    version: VERSION,
    params,
    words,
    policy: policyOf(config),
    store,
    chain,
    links: socketStreamLinks,
    streamFolders: streamFolders(join(datadir, "streams")),
    listen: { host: LOOPBACK, port: config.peerPort },
    onHalt: (error) => {
      log.error("halted", { error: error.stack ?? error.message });
      process.exit(EXIT_REFUSED);
    },
  });
  await Promise.all(config.chainPeers.map((peer) => chain.connect(addressOfText(peer))));
  const tokens = await openCollection<TokenDocument>(join(datadir, "tokens.json"), isToken);
  for (const { text, document } of await makeFirstTokens(tokens, systemRandom, systemClock.now())) {
    await writeSecret(join(datadir, `${document.label}.token`), `${text}\n`);
  }
  const stopping = stopSignal();
  const api = await createApi({
    ...ports,
    commands: { ...node, shutdown: async () => stopping.ask() },
    tokens,
    store,
    port: config.apiPort,
    streamFiles: node.streamFolder,
    streamSite: { request: node.siteRequest, closed: node.siteClosed },
  });
  if (!api.ok) throw new Refusal(api.error.detail);
  const { url } = api.value;
  await writeSecret(join(datadir, "api.json"), JSON.stringify({ url, tokenFile: join(datadir, "admin.token") }));
  const peerPort = Number(node.info().addresses[0]?.split(":").at(-1));
  console.log(JSON.stringify({ nodeId: node.info().id, api: url, peerPort, chainPort: chainAddress.port }));
  await stopping.asked;
  await api.value.close();
  await node.shutdown();
  await chain.stop();
  await store.close();
}

/** A file that only its owner reads. */
async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}

/** Resolves on the first signal or request to stop. */
function stopSignal(): { readonly asked: Promise<void>; readonly ask: () => void } {
  let ask = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  process.once("SIGTERM", ask);
  process.once("SIGINT", ask);
  return { asked, ask };
}

/** Starts a node with these flags; resolves with the exit code once it has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const loaded = loadConfig(argv, process.env);
  if (!loaded.ok) {
    for (const { detail } of loaded.error) console.error(detail);
    return EXIT_REFUSED;
  }
  try {
    await run(loaded.value.config);
    return 0;
  } catch (error) {
    const ours = error instanceof Refusal || error instanceof StoreRefused || error instanceof StoreCorrupt;
    const inUse = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!ours && !inUse) throw error;
    console.error(inUse ? `A port is in use: ${(error as Error).message}` : (error as Error).message);
    return EXIT_REFUSED;
  }
}

if (import.meta.url === `file://${process.argv[1]}`) process.exit(await main(process.argv.slice(2)));
