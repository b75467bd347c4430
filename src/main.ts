import { join } from "node:path";
import { openBitcoind } from "./adapters/chain/bitcoind/base-node.ts";
import { openCompactNode } from "./adapters/chain/compact/compact-node.ts";
import { type BaseNodeOptions, type EmbeddedNode, openBaseNode } from "./adapters/chain/embedded/base-node.ts";
import { type Notifications, publishChanges } from "./adapters/chain/zmq/notifications.ts";
import { assertChance } from "./adapters/chance.ts";
import { openCollection, writeDurably } from "./adapters/documents.ts";
import { armed, killThisProcess } from "./adapters/failpoints.ts";
import { systemNames } from "./adapters/names.ts";
import { pageFiles } from "./adapters/page-files.ts";
import { Refused, sentenceFor } from "./adapters/sentences.ts";
import { stopSignal } from "./adapters/signals.ts";
import { causeOf } from "./adapters/store/failed-commit.ts";
import { keepHighWater } from "./adapters/store/high-water.ts";
import { watched } from "./adapters/store/watched.ts";
import { socketStreamLinks } from "./adapters/stream-socket.ts";
import { systemClock, systemRandom } from "./adapters/system.ts";
import { assertFree, tcpNetwork } from "./adapters/tcp.ts";
import { isToken, makeFirstTokens, type TokenDocument } from "./api/auth.ts";
import { createApi } from "./api/server.ts";
import { satPerKw } from "./base/units.ts";
import { serveBitcoinRpc } from "./bitcoin-rpc/server.ts";
import { EXIT_REFUSED, endAtOnce, ending } from "./cli/ending.ts";
import { HIGH_WATER, openNodeData } from "./cli/node-data.ts";
import { screen } from "./cli/screen.ts";
import { screenLog } from "./cli/screen-log.ts";
import { startedText } from "./cli/started.ts";
import { StatusLine } from "./cli/status-line.ts";
import { stepOf, syncLine, syncRecords } from "./cli/sync-display.ts";
import { addressOfText, type Config, loadConfig } from "./daemon/config.ts";
import { streamFolders } from "./daemon/hls/folders.ts";
import { paramsOf } from "./daemon/networks.ts";
import { createNode } from "./daemon/node.ts";
import type { SluiceNode } from "./daemon/node-parts.ts";
import { policyOf } from "./daemon/policy.ts";
import { flagOf } from "./daemon/setting-names.ts";
import { publicDerivation } from "./daemon/wallet/descriptor-keys.ts";
import type { BaseNode } from "./ports/base-node.ts";
import type { Log } from "./ports/log.ts";

export const VERSION = "0.1.0";
const LOOPBACK = "127.0.0.1";
/** Where the bundled Bitcoin node listens. */
const BASE_PORTS = ["chainPort", "bitcoinRpcPort", "bitcoinZmqPort"] as const;
/** Policy, not protocol: the end does not wait longer to be told what went wrong. */
const CAUSE_MS_MAX = 1_000;
/** Where programs for Bitcoin Core look for the password. */
const COOKIE = ".cookie";

const SYNC_EVENTS = ["node.sync_progress", "node.synced"];

type Closers = (() => Promise<unknown>)[];

/** Joins ports and adapters: config, store, chain, node, API. Resolves when all of it has ended, in the opposite order. */
async function run(config: Config): Promise<void> {
  const ports = ["apiPort", "peerPort", ...(config.chain === "embedded" ? BASE_PORTS : [])] as const;
  const wanted = ports.map((name) => {
    const remedy = `Stop what has it, or choose another by ${flagOf(name)}.`;
    return { host: LOOPBACK, port: config[name], remedy };
  });
  await assertFree(wanted.filter(({ port }) => port > 0));
  const opened: Closers = [];
  try {
    await serve(config, opened);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

/** The end, said in a sentence. Whatever is not on the disk by now never was. */
const halting =
  (log: Log, line: StatusLine) =>
  (error: Error): never => {
    line.end();
    log.error("halted", { error: error.stack ?? error.message });
    console.error(sentenceFor(error) ?? "The node has stopped: see the line before.");
    endAtOnce();
  };

/** LMDB's binding, of the store and of the chain, also rejects promises that nobody can wait for. Answers how to stop hearing. */
function hearStrays(onHalt: (error: Error) => never): () => Promise<unknown> {
  const stray = (error: unknown): void => {
    void causeOf(error).then(onHalt);
    systemClock.after(CAUSE_MS_MAX, () => onHalt(new Error(String(error))));
  };
  process.on("unhandledRejection", stray);
  return async () => process.off("unhandledRejection", stray);
}

type Base = Omit<BaseNodeOptions, "folder" | "params" | "network">;
const openChain = (config: Config, base: Base): EmbeddedNode =>
  openBaseNode({
    ...base,
    network: tcpNetwork,
    names: systemNames,
    folder: join(config.datadir, "chain"),
    params: paramsOf(config),
    filters: config.filters,
    sequenceReplacement: config.sequenceReplacement,
    disk: config.prune === 0 ? {} : { pruneBytes: config.prune * 2 ** 20 },
  });

/** Nobody reaches a light client: it serves nothing. */
const openLight = (config: Config, base: Base): BaseNode =>
  openCompactNode({
    ...base,
    network: tcpNetwork,
    names: systemNames,
    folder: join(config.datadir, "light"),
    params: paramsOf(config),
    fallbackFeerate: satPerKw(policyOf(config).fallbackFeerate),
  });

/** The Bitcoin node that is followed: the bundled one, with its peers and whoever talks to it as to a Bitcoin Core, or another. */
async function startChain(config: Config, base: Base, opened: Closers, stop: () => void): Promise<Started> {
  if (config.chain === "bitcoind") {
    const { hostname: host, port } = new URL(config.bitcoindUrl);
    const place = { host, port: Number(port || 80), cookieFile: config.bitcoindCookie };
    const chain = await openBitcoind({ ...base, ...place, params: paramsOf(config) });
    opened.push(() => chain.stop());
    return { chain, chainPort: undefined };
  }
  if (config.chain === "compact") {
    const chain = openLight(config, base);
    opened.push(() => chain.stop());
    return { chain, chainPort: undefined };
  }
  const chain = openChain(config, base);
  opened.push(() => chain.stop());
  const { port } = await chain.listen({ host: LOOPBACK, port: config.chainPort });
  await serveAsBitcoinCore(config, { ...base, node: chain, stop }, opened);
  return { chain, chainPort: port };
}
/** What programs that were written for Bitcoin Core ask of the bundled node: answers, and to be told. */
async function serveAsBitcoinCore(
  { bitcoinRpcPort, bitcoinZmqPort, datadir }: Config,
  base: Base & { readonly node: EmbeddedNode; readonly stop: () => void },
  opened: Closers,
): Promise<void> {
  let published: Notifications["published"] = [];
  if (bitcoinZmqPort > 0) {
    const address = { host: LOOPBACK, port: bitcoinZmqPort };
    const notifications = await publishChanges({ ...base, network: tcpNetwork, address });
    opened.push(() => notifications.close());
    published = notifications.published;
  }
  if (bitcoinRpcPort > 0) {
    const address = { host: LOOPBACK, port: bitcoinRpcPort };
    const cookiePath = join(datadir, COOKIE);
    const rpc = await serveBitcoinRpc({
      ...base,
      derive: publicDerivation,
      version: VERSION,
      published,
      address,
      cookiePath,
    });
    opened.push(() => rpc.close());
  }
}
interface Started {
  readonly chain: BaseNode;
  /** Where the bundled node accepts peers. */
  readonly chainPort: number | undefined;
}

/** How the node comes into step with the chain: people see one line that is drawn anew, others read the log. */
function showSync(node: SluiceNode, line: StatusLine, log: Log): () => Promise<unknown> {
  const display = process.stderr.isTTY
    ? syncLine(line, systemClock.now)
    : syncRecords((step) => log.info("sync", { ...step }), systemClock.now);
  const forget = node.onEvent(({ type, data }) => {
    if (SYNC_EVENTS.includes(type)) display.show(stepOf(type, data));
  });
  return async () => {
    forget();
    display.end();
  };
}

async function serve(config: Config, opened: Closers): Promise<void> {
  const { datadir } = config;
  assertChance(systemRandom);
  const stopping = stopSignal();
  opened.push(async () => stopping.forget());
  const line = new StatusLine(screen(process.stderr));
  const log = screenLog(process.stderr.isTTY, (lines) => line.write(lines));
  const onHalt = halting(log, line);
  opened.push(hearStrays(onHalt));
  const base = { clock: systemClock, random: systemRandom, log };
  const params = paramsOf(config);
  // What can be wrong is read before anything is written.
  const tokens = await openCollection<TokenDocument>(join(datadir, "tokens.json"), isToken);
  const { signer, store, wordsWereUsed, backupFile } = await openNodeData(config, opened, onHalt);
  const unmarked = ({ message }: Error): void => log.warn("high-water mark not written", { error: message });
  opened.push(keepHighWater(join(datadir, HIGH_WATER), store, unmarked));
  const { chain, chainPort } = await startChain(config, base, opened, () => stopping.ask());
  const ports = {
    ...base,
    ...armed(process.env["SLUICE_FAILPOINT"], watched(store, onHalt), tcpNetwork, killThisProcess),
  };
  const node = await createNode({
    ...ports,
    alias: config.alias,
    version: VERSION,
    params,
    signer,
    wordsWereUsed,
    backupFile,
    policy: policyOf(config),
    chain,
    links: socketStreamLinks,
    streamFolders: streamFolders(join(datadir, "streams")),
    listen: { host: LOOPBACK, port: config.peerPort },
    onHalt,
  });
  opened.push(() => node.shutdown());
  await Promise.all(config.chainPeers.map((peer) => chain.connect(addressOfText(peer))));
  await makeFirstTokens(tokens, systemRandom, systemClock.now(), ({ text, document }) =>
    writeDurably(join(datadir, `${document.label}.token`), `${text}\n`),
  );
  const api = await createApi({
    ...ports,
    commands: { ...node, shutdown: async () => stopping.ask() },
    tokens,
    port: config.apiPort,
    pages: pageFiles(join(import.meta.dirname, "web")),
    streamFiles: node.streamFolder,
    streamSite: { request: node.siteRequest, closed: node.siteClosed },
  });
  if (!api.ok) throw new Refused(api.error.detail);
  const { url } = api.value;
  opened.push(() => api.value.close());
  await writeDurably(join(datadir, "api.json"), JSON.stringify({ url, tokenFile: join(datadir, "admin.token") }));
  const peerPort = Number(node.info().addresses[0]?.split(":").at(-1));
  const started = { nodeId: node.info().id, api: url, peerPort, chainPort };
  console.log(process.stdout.isTTY ? startedText(started, config) : JSON.stringify(started));
  opened.push(showSync(node, line, log));
  await stopping.asked;
}

/** Starts a node with these flags; resolves with the exit code once it has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const loaded = loadConfig(argv, process.env);
  if (!loaded.ok) {
    for (const { detail } of loaded.error) console.error(detail);
    return EXIT_REFUSED;
  }
  return ending(() => run(loaded.value.config));
}

if (import.meta.url === `file://${process.argv[1]}`) process.exit(await main(process.argv.slice(2)));
