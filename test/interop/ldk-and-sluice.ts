import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, freePorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { fromHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { LdkSettings } from "./ldk/defaults.ts";
import type { Said } from "./ldk/events.ts";
import { type Ldk, startLdk } from "./ldk.ts";

/** A channel as our API shows it. */
export interface OurChannel {
  readonly id: string;
  /** Of BOLT 2. */
  readonly channelId: string;
  readonly state: string;
  readonly active: boolean;
  readonly announced: boolean;
  readonly capacitySat: string;
  readonly localMsat: string;
  readonly peer: string;
}
/** One of our daemons with LDK nodes that follow its chain over Bitcoin Core's JSON-RPC. */
export interface Company {
  readonly ours: Daemon;
  readonly ldk: Ldk;
  mine(blocks: number): Promise<void>;
  channels(): Promise<readonly OurChannel[]>;
  restartOurs(): Promise<void>;
  /** From its store as it is, or as an earlier copy had it. */
  restartLdk(how: "stop" | "kill", folder?: string): Promise<void>;
  dial(): Promise<void>;
  stop(): Promise<void>;
  readonly folder: string;
}
/** Above it the first reward can be spent. */
const MATURITY_BLOCKS = 101;
const LDK_COINS = 8;
const LDK_COIN_SAT = "2000000";

export async function company(settings: Partial<LdkSettings> = {}): Promise<Company> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ldk-"));
  const [api = 0, peer = 0, chain = 0, rpc = 0] = await freePorts(4);
  const options = {
    name: "ours",
    folder,
    ports: { api, peer, chain },
    chainPeer: undefined,
    env: {},
    flags: ["--bitcoin-rpc-port", String(rpc)],
  };
  const place = { host: "127.0.0.1", port: rpc, cookieFile: join(folder, "ours", ".cookie") };
  const start = { folder: join(folder, "ldk"), place, settings: { ...settings, seed: 7 } };
  const state = { ours: await startDaemon(options), ldk: undefined as unknown as Ldk };
  await state.ours.api.post("/v1/chain/mine", { blocks: MATURITY_BLOCKS });
  state.ldk = await startLdk(start);
  const mine = async (blocks: number): Promise<void> => {
    await state.ours.api.post("/v1/chain/mine", { blocks });
    await state.ldk.do("sync");
  };
  return {
    get ours() {
      return state.ours;
    },
    get ldk() {
      return state.ldk;
    },
    folder,
    mine,
    channels: async () => {
      const { data } = await state.ours.api.get<{ data: readonly Omit<OurChannel, "channelId">[] }>("/v1/channels");
      return data.map((each) => ({ ...each, channelId: each.id.slice("ch_".length) }));
    },
    restartOurs: async () => {
      await state.ours.stop();
      state.ours = await startDaemon(options);
    },
    restartLdk: async (how, from = start.folder) => {
      await state.ldk[how]();
      state.ldk = await startLdk({ ...start, folder: from });
    },
    dial: () => state.ldk.do("dial", { nodeId: state.ours.started.nodeId, port: state.ours.started.peerPort }),
    stop: async () => {
      await Promise.allSettled([state.ours.stop(), state.ldk.kill()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Gives LDK coins of its own, from ours. */
export async function endow({ ours, ldk, mine }: Company): Promise<void> {
  const address = addressOf(fromHex(await ldk.do("script")), CHAINS.regtest);
  for (let coin = 0; coin < LDK_COINS; coin++)
    await ours.api.post("/v1/wallet/sends", { address, amountSat: LDK_COIN_SAT });
  await mine(1);
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
