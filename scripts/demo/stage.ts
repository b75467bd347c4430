import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Tap, tap } from "./capture.ts";
import { until } from "./client.ts";
import { type Daemon, type DaemonOptions, type Ports, pickPorts, startDaemon, wordsIn } from "./daemon.ts";

/** Three daemons in three processes, their chains and peers connected through taps, with funded and announced channels. */
export interface Stage {
  readonly folder: string;
  readonly viewer: Daemon;
  readonly router: Daemon;
  readonly site: Daemon;
  /** The site's HTTP server as the viewer reaches it: through a tap. */
  readonly siteUrl: string;
  readonly taps: readonly Tap[];
  close(): Promise<void>;
}
export interface StageOptions {
  readonly folder: string;
  readonly tell: (step: string, ms: number) => void;
}
export type Role = "viewer" | "router" | "site";
export const CAPACITY_SAT = "1000000";

/** Starts everything from nothing and waits until a payment could be routed from viewer to site. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { folder } = options;
  const captures = join(folder, "captures");
  await mkdir(captures, { recursive: true });
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await work();
    options.tell(step, performance.now() - began);
    return done;
  };
  const [viewer, router, site] = await timed("nodes", () => startAll(folder));
  const taps: Tap[] = [];
  const through = async (name: string, port: number): Promise<number> => {
    const made = await tap(captures, name, port);
    taps.push(made);
    return made.port;
  };
  const close = async (): Promise<void> => {
    await Promise.all([viewer, router, site].map((daemon) => daemon.stop()));
    await Promise.all(taps.map((made) => made.close()));
  };
  try {
    await timed("base chain", () => growChain(viewer, router, site));
    await timed("channels", async () => {
      const toRouter = await through("viewer-router", router.started.peerPort);
      const toSite = await through("router-site", site.started.peerPort);
      await openChannels({ viewer, router, site }, toRouter, toSite);
    });
    const siteUrl = `http://127.0.0.1:${await through("viewer-site", Number(new URL(site.started.api).port))}`;
    return { folder, viewer, router, site, siteUrl, taps, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of each role, how its daemon is started: on free ports, and with the router's base node as the one that all follow. */
export async function castOf(folder: string): Promise<Record<Role, DaemonOptions>> {
  const [viewer, router, site] = (await pickPorts(3)) as [Ports, Ports, Ports];
  const chainPeer = `127.0.0.1:${router.chain}`;
  const options = (name: Role, ports: Ports) => ({ name, folder, ports, env: {} });
  return {
    viewer: { ...options("viewer", viewer), chainPeer },
    router: { ...options("router", router), chainPeer: undefined },
    site: { ...options("site", site), chainPeer },
  };
}
async function startAll(folder: string): Promise<readonly [Daemon, Daemon, Daemon]> {
  const cast = await castOf(folder);
  const begun = [startDaemon(cast.viewer), startDaemon(cast.router), startDaemon(cast.site)] as const;
  try {
    return await Promise.all(begun);
  } catch (error) {
    const started = (await Promise.allSettled(begun)).filter((each) => each.status === "fulfilled");
    await Promise.all(started.map(({ value }) => value.stop()));
    throw error;
  }
}

interface ChainAnswer {
  readonly height: number;
  readonly hash: string;
}
/** Waits until all three have the same best block. */
export async function sameTip(daemons: readonly Daemon[]): Promise<number> {
  return until("one chain", async () => {
    const tips = await Promise.all(daemons.map(({ api }) => api.get<ChainAnswer>("/v1/info")));
    const same = tips.every((tip) => (tip as unknown as { blockHash: string }).blockHash === firstHash(tips));
    const synced = tips.every((tip) => (tip as unknown as { synced: boolean }).synced);
    return same && synced ? (tips[0]?.height ?? 0) : undefined;
  });
}
const firstHash = (tips: readonly object[]): string => (tips[0] as { blockHash: string }).blockHash;

/** Viewer and router get one block each; the blocks above make their rewards spendable. */
async function growChain(viewer: Daemon, router: Daemon, site: Daemon): Promise<void> {
  for (const daemon of [viewer, router]) {
    await daemon.api.post("/v1/chain/mine", { blocks: 1 });
    await sameTip([viewer, router, site]);
  }
  await site.api.post("/v1/chain/mine", { blocks: 101 });
  await sameTip([viewer, router, site]);
}

interface ChannelAnswer {
  readonly id: string;
  readonly active: boolean;
  readonly announced: boolean;
}
async function openChannels(
  { viewer, router, site }: Record<Role, Daemon>,
  toRouter: number,
  toSite: number,
): Promise<void> {
  await viewer.api.post("/v1/peers", { uri: `${router.started.nodeId}@127.0.0.1:${toRouter}` });
  await router.api.post("/v1/peers", { uri: `${site.started.nodeId}@127.0.0.1:${toSite}` });
  await Promise.all([
    viewer.api.post("/v1/channels", { peer: router.started.nodeId, capacitySat: CAPACITY_SAT }),
    router.api.post("/v1/channels", { peer: site.started.nodeId, capacitySat: CAPACITY_SAT }),
  ]);
  await until("funding transactions at the miner", async () => {
    const { mempool } = await site.api.get<{ mempool: { transactions: number } }>("/v1/chain");
    return mempool.transactions >= 2;
  });
  await site.api.post("/v1/chain/mine", { blocks: 6 });
  await until("announced channels in the viewer's graph", async () => {
    const { data } = await viewer.api.get<{ data: { policies: (object | null)[] }[] }>("/v1/graph/channels");
    const { data: own } = await viewer.api.get<{ data: ChannelAnswer[] }>("/v1/channels");
    return data.length === 2 && data.every(({ policies }) => policies.every((p) => p !== null)) && own[0]?.active;
  });
}

/** The words of each wallet, from their data folders: for the checking program alone. */
export async function wordsOf({ folder }: Pick<Stage, "folder">): Promise<Record<Role, string>> {
  const read = (role: Role): Promise<string> => wordsIn(join(folder, role));
  return { viewer: await read("viewer"), router: await read("router"), site: await read("site") };
}
