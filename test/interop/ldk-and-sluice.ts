import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, freePorts, startDaemon, wordsIn } from "../../scripts/demo/daemon.ts";
import { fromHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import type { LdkSettings } from "./ldk/defaults.ts";
import type { Said } from "./ldk/events.ts";
import { type Ldk, startLdk } from "./ldk.ts";
import { TappedWire } from "./tapped-wire.ts";

/** A channel as our API shows it. */
export interface OurChannel {
  readonly id: string;
  /** Of BOLT 2. */
  readonly channelId: string;
  readonly state: string;
  readonly active: boolean;
  readonly announced: boolean;
  /** Its outpoint. */
  readonly funding: string | null;
  readonly capacitySat: string;
  readonly localMsat: string;
  readonly htlcs: number;
  readonly peer: string;
}
/** One of our daemons with an LDK node that follows its chain over Bitcoin Core's JSON-RPC, and the wire between them. */
export interface Company {
  readonly ours: Daemon;
  readonly ldk: Ldk;
  readonly wire: TappedWire;
  /** The reward goes to nobody here. */
  mine(blocks: number): Promise<void>;
  channels(): Promise<readonly OurChannel[]>;
  /** From its store, with more flags than before. */
  restartOurs(...more: readonly string[]): Promise<void>;
  /** Our process is ended as by `kill -9`, at once, and starts again from its store. */
  killOurs(): Promise<void>;
  /** From its store as it is, or as an earlier copy had it. */
  restartLdk(folder?: string): Promise<void>;
  /** LDK calls us. */
  dial(): Promise<void>;
  /** We call LDK, and again whenever it is lost. */
  call(): Promise<void>;
  /** We hang up, and call no more. */
  hangUp(): Promise<void>;
  /**
   * What was said since it was last asked that belongs to no channel that goes well: errors and warnings on the wire, ends and
   * faults that LDK tells of. Ids are left out.
   */
  complaints(): readonly string[];
  stop(): Promise<void>;
  readonly folder: string;
}
/** Above it the first reward can be spent. */
const MATURITY_BLOCKS = 101;
const LDK_COINS = 8;
const LDK_COIN_SAT = "2000000";
const SEED = 7;
/** A key that nobody has. */
const NOBODY = addressOf(fromHex(`0014${"11".repeat(20)}`), CHAINS.regtest);

export async function company(settings: Partial<LdkSettings>, more: readonly string[] = []): Promise<Company> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ldk-"));
  const { options, place } = await ourDaemon(folder, more);
  let start = { folder: join(folder, "ldk"), place, settings: { ...settings, seed: SEED } };
  const state = { ours: await startDaemon(options), ldk: undefined as unknown as Ldk };
  await state.ours.api.post("/v1/chain/mine", { blocks: MATURITY_BLOCKS });
  state.ldk = await startLdk(start);
  const wire = new TappedWire({
    ours: { secret: await secretOf(join(folder, "ours")), port: () => options.ports.peer },
    ldk: { secret: fromHex(state.ldk.secret), port: () => state.ldk.port },
  });
  const passing = { ours: await wire.listenAs("ours"), ldk: await wire.listenAs("ldk") };
  let asked = { wire: 0, ldk: 0 };
  const startAgain = async (end: () => Promise<void>, flags: readonly string[] = []): Promise<void> => {
    await end();
    state.ours = await startDaemon({ ...options, flags: [...options.flags, ...flags] });
  };
  return {
    get ours() {
      return state.ours;
    },
    get ldk() {
      return state.ldk;
    },
    wire,
    folder,
    mine: (blocks) => mine(state, blocks),
    channels: () => channelsOf(state.ours),
    restartOurs: (...flags) => startAgain(() => state.ours.stop(), flags),
    killOurs: () => startAgain(() => state.ours.kill()),
    restartLdk: async (from = start.folder) => {
      await state.ldk.stop();
      start = { ...start, folder: from };
      state.ldk = await startLdk(start);
      asked = { ...asked, ldk: 0 };
    },
    dial: () => state.ldk.do("dial", { nodeId: state.ours.started.nodeId, port: passing.ours }),
    call: async () => {
      await state.ours.api.post("/v1/peers", { uri: `${state.ldk.nodeId}@127.0.0.1:${passing.ldk}` });
    },
    hangUp: () => hangUp(state.ours, state.ldk.nodeId),
    complaints: () => {
      const told = [...wire.complaints(asked.wire), ...troubles(state.ldk.said.slice(asked.ldk))].map(withoutIds);
      asked = { wire: wire.heard.length, ldk: state.ldk.said.length };
      return told;
    },
    stop: async () => {
      wire.stop();
      await Promise.allSettled([state.ours.stop(), state.ldk.kill()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** How our daemon is started, and where LDK finds its Bitcoin node. */
async function ourDaemon(folder: string, more: readonly string[]) {
  const [api = 0, peer = 0, chain = 0, rpc = 0] = await freePorts(4);
  const flags = ["--bitcoin-rpc-port", String(rpc), ...more];
  return {
    options: { name: "ours", folder, ports: { api, peer, chain }, chainPeer: undefined, env: {}, flags },
    place: { host: "127.0.0.1", port: rpc, cookieFile: join(folder, "ours", ".cookie") },
  };
}
async function secretOf(datadir: string): Promise<Uint8Array> {
  return keychainOf(await wordsIn(datadir), "regtest").nodeSecret;
}
async function mine({ ours, ldk }: Pick<Company, "ours" | "ldk">, blocks: number): Promise<void> {
  await ours.api.post("/v1/chain/mine", { blocks, address: NOBODY });
  await ldk.do("sync");
}
async function channelsOf({ api }: Daemon): Promise<readonly OurChannel[]> {
  const { data } = await api.get<{ data: readonly Omit<OurChannel, "channelId">[] }>("/v1/channels");
  return data.map((each) => ({ ...each, channelId: each.id.slice("ch_".length) }));
}
/** It parts with that peer, and calls it no more. */
export async function hangUp({ api: { url, token } }: Daemon, nodeId: string): Promise<void> {
  await fetch(`${url}/v1/peers/${nodeId}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
}
const troubles = (all: readonly Said[]): readonly string[] =>
  all.flatMap((said) => {
    if (said.name !== "closed" && said.name !== "log") return [];
    return `ldk ${said.name}: ${said.text}`;
  });
const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{64,66}/g, "…");

/** Gives LDK coins of its own, from ours. */
export async function endow(them: Company): Promise<void> {
  const { ours, ldk } = them;
  const address = addressOf(fromHex(await ldk.do("script")), CHAINS.regtest);
  for (let coin = 0; coin < LDK_COINS; coin++)
    await ours.api.post("/v1/wallet/sends", { address, amountSat: LDK_COIN_SAT });
  await mine(them, 1);
}

/** The first that it tells, from `since` on, of which this is true. */
export function told(ldk: Ldk, what: string, since: number, isIt: (said: Said) => boolean): Promise<Said> {
  return until(what, async () => ldk.said.slice(since).find(isIt)).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; it told ${JSON.stringify(ldk.said.slice(-12))}`);
  });
}
/** Our channel, once it can be used by both. */
export async function usable(them: Company, id?: string): Promise<OurChannel> {
  return until("a channel that both can use", async () => {
    const ours = (await them.channels()).find((each) => (id === undefined ? each.active : each.id === id));
    const theirs = (await them.ldk.do("channels")).find((each) => each.id === ours?.channelId);
    return ours?.active === true && theirs?.usable === true && ours;
  });
}
