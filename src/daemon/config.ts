import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import { parseNodeId } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { contradictions } from "./config-checks.ts";
import { OPENING_LIMITS } from "./context.ts";
import { nodeName } from "./gossip/node-name.ts";
import { nearest } from "./nearest.ts";
import { type DaemonNetwork, dataFolderOf, defaultsOf, isDaemonNetwork, NETWORK_DEFAULT } from "./networks.ts";
import { evenTypes } from "./payment/even-types.ts";
import { flagOf, kebab } from "./setting-names.ts";

/** Where a value was found. Flags win over the environment, the environment over the file, the file over the defaults. */
export type Origin = "flag" | "environment" | "file" | "default";
export interface ConfigFault {
  readonly code: "unknown_key" | "bad_value" | "unreadable_file" | "bad_file" | "network_not_supported";
  /** A sentence for a person, with the place. */
  readonly detail: string;
}

export interface Config {
  readonly network: DaemonNetwork;
  /** On mainnet `REAL_MONEY_WORDS`; of no meaning elsewhere. */
  readonly realMoney: string;
  readonly datadir: string;
  readonly alias: string;
  /** Which process has the keys, `unix:/path`; empty: the daemon itself. */
  readonly signer: string;
  readonly apiPort: number;
  readonly peerPort: number;
  readonly chainPort: number;
  /** Which Bitcoin node is followed: the bundled one, a Bitcoin Core that somebody else runs, or a light client of others. */
  readonly chain: "embedded" | "compact" | "bitcoind";
  /** Where that one answers, `http://host:port`. */
  readonly bitcoindUrl: string;
  /** The file with what it asks callers for: its `.cookie`, or a line `user:password`. */
  readonly bitcoindCookie: string;
  /** Where the base node answers Bitcoin Core's JSON-RPC, on 127.0.0.1; 0: nowhere. */
  readonly bitcoinRpcPort: number;
  /** Where it publishes blocks and transactions as Bitcoin Core does over ZeroMQ, on 127.0.0.1; 0: nowhere. */
  readonly bitcoinZmqPort: number;
  /** Bitcoin nodes to follow, `host:port` each. */
  readonly chainPeers: readonly string[];
  /** Whether the bundled Bitcoin node keeps filters of its blocks and serves them to light clients. */
  readonly filters: boolean;
  /** Mebibytes that the files of blocks may take; 0 keeps all blocks. */
  readonly prune: number;
  /** Of regtest: its first block that may hold witnesses. */
  readonly segwitHeight: number;
  /** Of sluicenet: whether transactions that are not final wait, and give way to higher sequences. */
  readonly sequenceReplacement: boolean;
  readonly feeBaseMsat: number;
  readonly feePpm: number;
  readonly cltvExpiryDelta: number;
  /** Whether payments are taken that no invoice asked for, and with which even types of records. */
  readonly acceptKeysend: boolean;
  readonly keysendTypes: readonly string[];
  /** Whether channels without anchors are accepted, and proposed to peers that know no others. */
  readonly staticRemotekey: boolean;
  /** Node ids of peers whose channels may be used before a block holds them. */
  readonly zeroConfPeers: readonly string[];
  /** The most that all of those may hold until blocks bury them, in sat: what could be lost if such a peer takes its coins back. */
  readonly zeroConfMaxSat: number;
  /** How large a channel must and may be, in sat. */
  readonly minChannelSat: number;
  readonly maxChannelSat: number;
  /** The most that a peer may make us keep in a channel, in millionths of its capacity. */
  readonly maxReservePpm: number;
  /** Channels with one peer, those of a peer that it has not funded yet, and those of all peers. */
  readonly channelsPerPeer: number;
  readonly openingsPerPeer: number;
  readonly openings: number;
  /** Where our part of every channel from now on must go when it is closed by agreement; empty leaves it open. */
  readonly closeAddress: string;
  /** Blocks that a peer has to close a channel by agreement, before the chain does; 0: as many as it likes. */
  readonly closeBlocks: number;
  /** Sat that we add to each channel that a peer opens and both may fund, as long as the wallet has them. */
  readonly contributionSat: number;
  /** Whether channels that both fund may be funded with confirmed coins only. */
  readonly requireConfirmedInputs: boolean;
}
export interface LoadedConfig {
  readonly config: Config;
  readonly origins: { readonly [K in keyof Config]: Origin };
}

const port = z.coerce
  .number("must be a port")
  .int("must be a port")
  .min(0, "must be a port")
  .max(65_535, "must be a port");
const u32 = z.coerce.number("must be a whole number").int("must be a whole number").min(0).max(0xffff_ffff);
const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, "must be host:port");
const yesOrNo = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean("must be true or false"),
);
const list = z.preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(address));
const nodeIds = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").filter((id) => id !== "") : value),
  z.array(z.string().refine((id) => parseNodeId(id) !== undefined, "must be node ids of 66 hex digits")),
);
/** No more than there will ever be. */
const satoshis = z.coerce
  .number("must be a number of sat")
  .int("must be a number of sat")
  .min(0, "must be a number of sat")
  .max(2_100_000_000_000_000, "is more than there is");

/** Every setting: its name in flags (`--api-port`), environment (`SLUICE_API_PORT`) and file (`api-port`), and its default on regtest. */
const SETTINGS = {
  network: { schema: z.string(), fallback: NETWORK_DEFAULT },
  realMoney: { schema: z.string(), fallback: "" },
  datadir: { schema: z.string().min(1), fallback: dataFolderOf(NETWORK_DEFAULT) },
  alias: { schema: nodeName, fallback: "sluice" },
  signer: { schema: z.string().regex(/^(unix:\/.+)?$/, "must be unix:/path"), fallback: "" },
  apiPort: { schema: port, fallback: 9737 },
  peerPort: { schema: port, fallback: 9735 },
  chainPort: { schema: port, fallback: 0 },
  chain: {
    schema: z.enum(["embedded", "compact", "bitcoind"], "must be embedded, compact or bitcoind"),
    fallback: "embedded",
  },
  bitcoindUrl: {
    schema: z.string().regex(/^http:\/\/[^\s:/]+:\d{1,5}\/?$/, "must be http://host:port"),
    fallback: "",
  },
  bitcoindCookie: { schema: z.string(), fallback: "" },
  bitcoinRpcPort: { schema: port, fallback: 0 },
  bitcoinZmqPort: { schema: port, fallback: 0 },
  chainPeers: { schema: list, fallback: [] },
  filters: { schema: yesOrNo, fallback: true },
  prune: { schema: u32, fallback: 0 },
  segwitHeight: {
    schema: z.coerce
      .number("must be a height")
      .int("must be a height")
      .min(0, "must be a height")
      .max(1_000_000, "must be a height"),
    fallback: 0,
  },
  sequenceReplacement: { schema: yesOrNo, fallback: false },
  feeBaseMsat: { schema: u32, fallback: 0 },
  feePpm: { schema: u32, fallback: 1_000 },
  cltvExpiryDelta: { schema: z.coerce.number().int().min(34, "must be at least 34").max(2_016), fallback: 80 },
  acceptKeysend: { schema: yesOrNo, fallback: false },
  keysendTypes: { schema: evenTypes, fallback: [] },
  staticRemotekey: { schema: yesOrNo, fallback: false },
  zeroConfPeers: { schema: nodeIds, fallback: [] },
  zeroConfMaxSat: { schema: satoshis, fallback: Number(DEFAULT_POLICY.zeroConfMax) },
  minChannelSat: { schema: satoshis, fallback: Number(DEFAULT_POLICY.capacityMin) },
  maxChannelSat: { schema: satoshis, fallback: Number(DEFAULT_POLICY.capacityMax) },
  maxReservePpm: {
    schema: u32.max(500_000, "must be at most 500000"),
    fallback: Number(DEFAULT_POLICY.reserveSharePpmMax),
  },
  channelsPerPeer: { schema: u32.min(1, "must be at least 1"), fallback: OPENING_LIMITS.channelsPerPeer },
  openingsPerPeer: { schema: u32, fallback: OPENING_LIMITS.unfundedPerPeer },
  openings: { schema: u32, fallback: OPENING_LIMITS.unfunded },
  closeAddress: { schema: z.string(), fallback: "" },
  closeBlocks: { schema: u32.max(65_535, "must be at most 65535"), fallback: DEFAULT_POLICY.closeBlocks ?? 0 },
  contributionSat: { schema: u32, fallback: 0 },
  requireConfirmedInputs: { schema: yesOrNo, fallback: false },
} as const satisfies { readonly [K in keyof Config]: { readonly schema: z.ZodType; readonly fallback: unknown } };
/** The two parts of a `host:port` that was checked. */
export function addressOfText(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
type Key = keyof Config;
const KEYS = Object.keys(SETTINGS) as readonly Key[];

const variableOf = (key: Key): string => `SLUICE_${kebab(key).replaceAll("-", "_").toUpperCase()}`;
export const CONFIG_FILE = "config.toml";

type Found = Partial<Record<Key, unknown>>;

/** The configuration of a start, and where each value came from; or everything that is wrong with it. */
export function loadConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<LoadedConfig, readonly ConfigFault[]> {
  const flags = fromFlags(argv);
  if (!flags.ok) return flags;
  const environment = fromEnvironment(env);
  if (!environment.ok) return environment;
  // Where the file is cannot depend on what stands in it.
  const asked = { ...environment.value, ...flags.value };
  const datadir = asked.datadir ?? dataFolderOf(isDaemonNetwork(asked.network) ? asked.network : NETWORK_DEFAULT);
  const file = fromFile(join(String(datadir), CONFIG_FILE));
  if (!file.ok) return file;
  const { network } = { ...file.value, ...asked };
  const defaults = { ...settingDefaults(network), datadir };
  return merge({ flag: flags.value, environment: environment.value, file: file.value }, defaults);
}
/** What each setting is where nobody gives it, on the network of that name or else on the one that is followed unless told. */
export function settingDefaults(name: unknown): Readonly<Record<Key, unknown>> {
  const network = isDaemonNetwork(name) ? name : NETWORK_DEFAULT;
  const own: Found = { datadir: dataFolderOf(network), ...defaultsOf(network) };
  return Object.fromEntries(KEYS.map((key) => [key, own[key] ?? SETTINGS[key].fallback])) as Record<Key, unknown>;
}

function merge(
  found: Readonly<Record<"flag" | "environment" | "file", Found>>,
  defaults: Readonly<Record<Key, unknown>>,
): Result<LoadedConfig, readonly ConfigFault[]> {
  const faults: ConfigFault[] = [];
  const config: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const key of KEYS) {
    const origin = (["flag", "environment", "file"] as const).find((place) => found[place][key] !== undefined);
    const value = origin === undefined ? defaults[key] : found[origin][key];
    const read = SETTINGS[key].schema.safeParse(value);
    if (read.success) config[key] = read.data;
    else
      faults.push({
        code: "bad_value",
        detail: `${named(key, origin)} ${read.error.issues[0]?.message ?? "is wrong"}.`,
      });
    origins[key] = origin ?? "default";
  }
  const name = (key: Key): string => named(key, origins[key]);
  faults.push(...contradictions(config as Partial<Config>, name, flagOf));
  if (faults.length > 0) return err(faults);
  return ok({ config: config as unknown as Config, origins: origins as LoadedConfig["origins"] });
}
const named = (key: Key, origin: Origin | undefined): string =>
  origin === "flag" ? flagOf(key) : origin === "environment" ? variableOf(key) : `${kebab(key)} in ${CONFIG_FILE}`;

function fromFlags(argv: readonly string[]): Result<Found, readonly ConfigFault[]> {
  const found: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  for (let at = 0; at < argv.length; at++) {
    const [name, inline] = (argv[at] as string).split(/=(.*)/s) as [string, string | undefined];
    const key = KEYS.find((known) => flagOf(known) === name);
    const value = inline ?? argv[++at];
    if (key === undefined) faults.push(unknown(name, KEYS.map(flagOf), "on the command line"));
    else if (value === undefined) faults.push({ code: "bad_value", detail: `${name} needs a value.` });
    else if (key === "chainPeers") found[key] = [...((found[key] as string[] | undefined) ?? []), value];
    else found[key] = value;
  }
  return faults.length > 0 ? err(faults) : ok(found);
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Result<Found, readonly ConfigFault[]> {
  const found: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  const known = new Map<string, Key>(KEYS.map((key) => [variableOf(key), key]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("SLUICE_") || name === "SLUICE_VECTORS" || name.startsWith("SLUICE_FAILPOINT")) continue;
    const key = known.get(name);
    if (key === undefined) faults.push(unknown(name, [...known.keys()], "in the environment"));
    else found[key] = value;
  }
  return faults.length > 0 ? err(faults) : ok(found);
}

function fromFile(path: string): Result<Found, readonly ConfigFault[]> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ok({});
    return err([{ code: "unreadable_file", detail: `${path} cannot be read: ${(error as Error).message}.` }]);
  }
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    const place = error instanceof TomlError ? `line ${error.line}, column ${error.column}` : "somewhere";
    return err([{ code: "bad_file", detail: `${path} is not TOML: ${place}.` }]);
  }
  const found: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  for (const [name, value] of Object.entries(table)) {
    const key = KEYS.find((known) => kebab(known) === name);
    if (key === undefined) faults.push(unknown(name, KEYS.map(kebab), `in ${path}, line ${lineOf(text, name)}`));
    else found[key] = value;
  }
  return faults.length > 0 ? err(faults) : ok(found);
}
const lineOf = (text: string, name: string): number =>
  text.split("\n").findIndex((line) => line.trim().startsWith(name) || line.trim().startsWith(`[${name}`)) + 1;

function unknown(name: string, known: readonly string[], place: string): ConfigFault {
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return { code: "unknown_key", detail: `Unknown setting ${name} ${place}.${hint}` };
}
