import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../adapters/documents.ts";
import { Refused } from "../adapters/sentences.ts";
import { systemRandom } from "../adapters/system.ts";
import { openWords } from "../adapters/words.ts";
import { type NodeId, parseNodeId } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { unixMs } from "../base/units.ts";
import { backupText, sealBackup } from "../daemon/backup/sealed.ts";
import type { StaticBackup } from "../daemon/backup/static-backup.ts";
import { addressOfText, loadConfig } from "../daemon/config.ts";
import { areWords, keychainOf } from "../daemon/keychain.ts";
import { BACKUP_FILE, readBackupFile } from "./backup-file.ts";

export interface RestoreRequest {
  readonly datadir: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string | undefined;
  /** `id@host:port` of peers that may keep a backup for these words. */
  readonly peers: readonly string[];
  readonly askWords: () => Promise<string>;
  readonly now: number;
}
export interface PreparedFolder {
  readonly datadir: string;
  readonly network: string;
  readonly nodeId: NodeId;
  /** Channels of the file: their peers are asked to close them. */
  readonly channels: number;
  readonly peers: number;
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
  const loaded = loadConfig(request.datadir === undefined ? [] : ["--datadir", request.datadir], request.env);
  if (!loaded.ok) throw new Unfit(loaded.error.map(({ detail }) => detail).join(" "));
  const { datadir, network } = loaded.value.config;
  const target = join(datadir, BACKUP_FILE);
  if (existsSync(join(datadir, "store")))
    throw new Unfit(`${datadir} holds a node's store: a restored node needs a folder of its own.`);
  if (existsSync(target)) throw new Unfit(`${target} is there already.`, `start the node, or move it away`);
  const extra = request.peers.map(peerOf);
  const words = await wordsOf(join(datadir, "words"), request.askWords);
  const { backupKey, nodeId } = keychainOf(words, network);
  const found = request.file === undefined ? undefined : await readGiven(request.file, { backupKey, network });
  const base = found ?? nothingKnown(network, request.now);
  const known = new Set(extra.map((peer) => peer.nodeId));
  const backup = { ...base, peers: [...extra, ...base.peers.filter((peer) => !known.has(peer.nodeId))] };
  await mkdir(datadir, { recursive: true, mode: 0o700 });
  await openWords(join(datadir, "words"), () => words);
  await writeDurably(target, backupText(sealBackup(backupKey, backup)));
  return { datadir, network, nodeId, channels: backup.channels.length, peers: backup.peers.length };
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
  const given = existsSync(path) ? await readFile(path, "utf8") : await ask();
  const words = given.trim().toLowerCase().split(/\s+/).join(" ");
  if (!areWords(words))
    throw new Unfit(
      existsSync(path)
        ? `${path} does not hold the words of a node.`
        : "These are not the words of a node: 12 or 24 of the list of BIP 39, the last of which fits the others.",
    );
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
