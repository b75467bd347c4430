import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../adapters/documents.ts";
import { Refused } from "../adapters/sentences.ts";
import { openSocketSigner } from "../adapters/signer/socket-signer.ts";
import { systemRandom } from "../adapters/system.ts";
import { openWords } from "../adapters/words.ts";
import { type NodeId, parseNodeId } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { unixMs } from "../base/units.ts";
import { backupText, sealBackup } from "../daemon/backup/sealed.ts";
import type { StaticBackup } from "../daemon/backup/static-backup.ts";
import { addressOfText, type Config, loadConfig } from "../daemon/config.ts";
import { keychainOf } from "../daemon/keychain.ts";
import type { DaemonNetwork } from "../daemon/networks.ts";
import { BACKUP_FILE, readBackupFile } from "./backup-file.ts";
import { NO_WORDS, WORDS, wordsOfText } from "./words.ts";

export interface RestoreRequest {
  readonly datadir: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string | undefined;
  /** `id@host:port` of peers that may keep a backup for these words. */
  readonly peers: readonly string[];
  /** `unix:/path` of the signer that has the words; undefined where the settings say whether there is one. */
  readonly signer: string | undefined;
  readonly askWords: () => Promise<string>;
  readonly now: number;
  /** Says only whether it can be done. */
  readonly dryRun: boolean;
}
export interface PreparedFolder {
  readonly datadir: string;
  readonly network: string;
  readonly nodeId: NodeId;
  /** Channels of the file: their peers are asked to close them. */
  readonly channels: number;
  readonly peers: number;
  /** Has the words; there where it is not the daemon itself. */
  readonly signer?: string;
  /** The files that make it ready. */
  readonly writes: readonly string[];
}

const LINEAGE_BYTES = 16;
const PORT_MAX = 65_535;

/**
 * Puts words and a backup into a folder without a store, for the next start: that looks for the coins, and restores the
 * channels. Nothing is written before everything has been found good.
 */
export async function prepareFolder(request: RestoreRequest): Promise<Result<PreparedFolder, Unfit>> {
  try {
    return ok(await prepare(request));
  } catch (error) {
    if (error instanceof Unfit) return err(error);
    throw error;
  }
}
/** What was given cannot be used: for a person. */
export class Unfit extends Error {
  override readonly name = "Unfit";
  readonly hint: string | undefined;
  constructor(detail: string, hint?: string) {
    super(detail);
    this.hint = hint;
  }
}

async function prepare(request: RestoreRequest): Promise<PreparedFolder> {
  const { datadir, network, signer } = configOf(request);
  const target = join(datadir, BACKUP_FILE);
  if (existsSync(join(datadir, "store")))
    throw new Unfit(`${datadir} holds a node's store: a restored node needs a folder of its own.`);
  if (existsSync(target)) throw new Unfit(`${target} is there already.`, `start the node, or move it away`);
  const extra = request.peers.map(peerOf);
  if (request.file !== undefined && !existsSync(request.file)) throw new Unfit(`${request.file} is not there.`);
  const { backupKey, nodeId, wordsPath, keep } =
    signer === "" ? await ownKeys(datadir, network, request.askWords) : signersKeys(datadir, network, signer);
  const found = request.file === undefined ? undefined : await readGiven(request.file, { backupKey, network });
  const base = found ?? nothingKnown(network, request.now);
  const known = new Set(extra.map((peer) => peer.nodeId));
  const backup = { ...base, peers: [...extra, ...base.peers.filter((peer) => !known.has(peer.nodeId))] };
  const { channels, peers } = backup;
  const writes = wordsPath === undefined ? [target] : [wordsPath, target];
  const counted = { datadir, network, nodeId, channels: channels.length, peers: peers.length, writes };
  if (!request.dryRun) {
    await mkdir(datadir, { recursive: true, mode: 0o700 });
    await keep();
    await writeDurably(target, backupText(sealBackup(backupKey, backup)));
  }
  return signer === "" ? counted : { ...counted, signer };
}
function configOf({ datadir, signer, env }: RestoreRequest): Config {
  const flags = Object.entries({ datadir, signer }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const loaded = loadConfig(flags, env);
  if (!loaded.ok) throw new Unfit(loaded.error.map(({ detail }) => detail).join(" "));
  return loaded.value.config;
}

/** What of the words it takes, and how they are brought to where the node will look for them. */
interface Keys {
  readonly backupKey: Uint8Array;
  readonly nodeId: NodeId;
  readonly keep: () => Promise<unknown>;
  /** Where that is; undefined where they are there. */
  readonly wordsPath: string | undefined;
}
async function ownKeys(datadir: string, network: DaemonNetwork, askWords: () => Promise<string>): Promise<Keys> {
  const path = join(datadir, WORDS);
  const wordsPath = existsSync(path) ? undefined : path;
  const words = await wordsOf(path, askWords);
  return { ...keychainOf(words, network), wordsPath, keep: () => openWords(path, () => words) };
}
/** The words are with the signer, and stay there. */
function signersKeys(datadir: string, network: DaemonNetwork, named: string): Keys {
  const words = join(datadir, WORDS);
  if (existsSync(words))
    throw new Unfit(`${words} is there, and all keys are to be with the signer.`, "move it to the signer's folder");
  try {
    const signer = openSocketSigner({ path: named.slice("unix:".length), network, onGone: () => {} });
    signer.close();
    const { backupKey, nodeId, hasSigned } = signer;
    if (!hasSigned)
      throw new Unfit(
        "The words of the signer are new: there is nothing of theirs to restore.",
        "sluice signer --restore",
      );
    return { backupKey, nodeId, wordsPath: undefined, keep: async () => {} };
  } catch (error) {
    throw error instanceof Refused ? new Unfit(error.message, "sluice signer --restore") : error;
  }
}

/** A backup that knows no channel: for peers who may tell of some. */
const nothingKnown = (network: string, now: number): StaticBackup => ({
  network,
  mark: { lineage: systemRandom.bytes(LINEAGE_BYTES), generation: 0n, changedAt: unixMs(now) },
  peers: [],
  channels: [],
  left: 0,
});

async function wordsOf(path: string, ask: () => Promise<string>): Promise<string> {
  const isThere = existsSync(path);
  const words = wordsOfText(isThere ? await readFile(path, "utf8") : await ask());
  if (words === undefined) throw new Unfit(isThere ? `${path} does not hold the words of a node.` : NO_WORDS);
  return words;
}

async function readGiven(file: string, of: Parameters<typeof readBackupFile>[1]): Promise<StaticBackup> {
  try {
    const found = await readBackupFile(file, of);
    if (found !== undefined) return found;
  } catch (error) {
    if (error instanceof Refused) throw new Unfit(error.message);
    throw new Unfit(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "for whatever reason"}.`);
  }
  throw new Unfit(`${file} is not there.`);
}

function peerOf(uri: string): StaticBackup["peers"][number] {
  const at = uri.indexOf("@");
  const nodeId = parseNodeId(uri.slice(0, Math.max(at, 0)));
  const address = uri.slice(at + 1);
  const [, port] = /^[^\s:]+:(\d{1,5})$/.exec(address) ?? [];
  if (nodeId === undefined || port === undefined || Number(port) < 1 || Number(port) > PORT_MAX)
    throw new Unfit(`${uri} is not a peer.`, "write id@host:port");
  return { nodeId, address: addressOfText(address) };
}
