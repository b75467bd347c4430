import { join } from "node:path";
import { present } from "../../src/base/result.ts";
import { fetchOnce, type Played, play } from "../demo/player.ts";
import { CAPACITY_SAT, type Role } from "../demo/stage.ts";
import { type Actor, isPassing } from "./actor.ts";

/** Who plays, and how each is reached by the others. */
export interface Cast {
  readonly actors: Readonly<Record<Role, Actor>>;
  /** Peer ports of router and site, by way of a tap. */
  readonly toRouter: number;
  readonly toSite: number;
  /** The site's HTTP server, by way of a tap. */
  readonly siteUrl: string;
}
export type Phase = (typeof PHASES)[number];
export const PHASES = ["coins", "channels", "subscription", "stream", "account", "closes", "judgement"] as const;
export interface Told {
  readonly played: Played;
  /** What the viewer's node says that it paid, and to routers. */
  readonly paidMsat: string;
  readonly feesMsat: string;
  /** What the site's node says that it earned. */
  readonly earnedMsat: string;
}

const CLIP = join(import.meta.dirname, "..", "..", "assets", "clip");
const PRICE_MSAT = "100000";
const BUDGET_MSAT = "4000000";
const MAX_UNPAID_MSAT = "400000";
/** Above it a coinbase may be spent. */
const MATURITY_BLOCKS = 101;
const STEP_MS_MAX = 60_000;
/** Between two looks: three daemons and their neighbours have work to do meanwhile. */
const PAUSE_MS = 80;

/**
 * The demo, played to its end whoever is killed meanwhile: each step looks whether it is done, and if not it is done once
 * more, as a person would. Rejects when a step does not get done.
 */
export async function perform(cast: Cast, began: (phase: Phase) => void): Promise<Told> {
  began("coins");
  await mineCoins(cast);
  began("channels");
  await openChannels(cast);
  began("subscription");
  const { stream, subscription } = await subscribe(cast);
  began("stream");
  const played = await playAll(cast, stream, subscription);
  began("account");
  const { site } = cast.actors;
  const account = await closeSubscription(cast, subscription);
  const listings = (await asked(() => site.api.get<{ data: { earnedMsat: string }[] }>("/v1/streams"))).data;
  const earnedMsat = String(listings.reduce((total, { earnedMsat: earned }) => total + BigInt(earned), 0n));
  began("closes");
  await closeChannels(cast);
  began("judgement");
  return { played, ...account, earnedMsat };
}

/** Does it until it is done. What goes wrong because somebody was killed is tried again. */
async function ensure(what: string, isDone: () => Promise<boolean>, act?: () => Promise<unknown>): Promise<void> {
  let last: unknown = "nothing went wrong";
  for (const limit = Date.now() + STEP_MS_MAX; Date.now() < limit; ) {
    try {
      if (await isDone()) return;
      await act?.();
    } catch (error) {
      if (!isPassing(error)) throw new Error(`${what}: ${String(error)}`, { cause: error });
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`in vain: ${what}; last: ${String(last)}`);
}
/** What somebody answers, when he can be asked at all. */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  await ensure("an answer", async () => {
    answer = { value: await ask() };
    return true;
  });
  return present(answer, "it is done").value;
}

interface Info {
  readonly height: number;
  readonly blockHash: string;
  readonly synced: boolean;
}
const infoOf = (actor: Actor): Promise<Info> => actor.api.get<Info>("/v1/info");
async function haveOneTip({ actors }: Cast): Promise<boolean> {
  const [first, ...others] = await Promise.all(Object.values(actors).map(infoOf));
  return [first, ...others].every((info) => info?.synced && info.blockHash === first?.blockHash);
}
const mine = ({ actors }: Cast, blocks: number): Promise<unknown> => actors.site.api.post("/v1/chain/mine", { blocks });

async function mineCoins(cast: Cast): Promise<void> {
  const { viewer, router } = cast.actors;
  let highest = 0;
  for (const actor of [viewer, router]) {
    await ensure(
      `a block of ${actor.name}`,
      async () => {
        const { onchain } = await actor.api.get<{ onchain: Record<string, string> }>("/v1/balance");
        return BigInt(onchain["confirmedSat"] ?? 0) + BigInt(onchain["unconfirmedSat"] ?? 0) > 0n;
      },
      () => actor.api.post("/v1/chain/mine", { blocks: 1 }),
    );
    await ensure("one chain", () => haveOneTip(cast));
    highest = (await asked(() => infoOf(actor))).height;
  }
  await ensure(
    "a chain above the coins",
    async () => (await infoOf(cast.actors.site)).height >= highest + MATURITY_BLOCKS && (await haveOneTip(cast)),
    async () => {
      const left = highest + MATURITY_BLOCKS - (await infoOf(cast.actors.site)).height;
      if (left > 0) await mine(cast, left);
    },
  );
}

interface Channel {
  readonly id: string;
  readonly state: string;
  readonly opener: string;
  readonly active: boolean;
  readonly announced: boolean;
}
const channelsOf = async (actor: Actor): Promise<readonly Channel[]> =>
  (await actor.api.get<{ data: Channel[] }>("/v1/channels")).data;
/** Those that it opened. A failed one would cost its node the force-close: no kill may bring that about. */
async function ownOf(actor: Actor): Promise<readonly Channel[]> {
  const own = (await channelsOf(actor)).filter(({ opener }) => opener === "local");
  const failed = own.find(({ state }) => state === "Failed");
  if (failed !== undefined) throw new Error(`channel ${failed.id} of ${actor.name} has failed`);
  return own;
}

async function openChannels(cast: Cast): Promise<void> {
  const { viewer, router, site } = cast.actors;
  const open = async (from: Actor, to: Actor, port: number): Promise<void> => {
    await ensure(
      `a channel of ${from.name}`,
      async () => (await ownOf(from)).length > 0,
      async () => {
        await from.api.post("/v1/peers", { uri: `${to.nodeId}@127.0.0.1:${port}` });
        await from.api.post("/v1/channels", { peer: to.nodeId, capacitySat: CAPACITY_SAT });
      },
    );
  };
  await Promise.all([open(viewer, router, cast.toRouter), open(router, site, cast.toSite)]);
  await ensure(
    "announced channels in the viewer's graph",
    async () => {
      const { data } = await viewer.api.get<{ data: { policies: (object | null)[] }[] }>("/v1/graph/channels");
      const isActive = (await ownOf(viewer)).every(({ active }) => active);
      return isActive && data.length === 2 && data.every(({ policies }) => policies.every((p) => p !== null));
    },
    async () => {
      // Block by block: whoever was killed at any of them finds the rest of them later.
      const { mempool } = await site.api.get<{ mempool: { transactions: number } }>("/v1/chain");
      const all = [...(await ownOf(viewer)), ...(await ownOf(router))];
      if (mempool.transactions > 0 || all.some(({ announced }) => !announced)) await mine(cast, 1);
    },
  );
}

async function subscribe(cast: Cast): Promise<{ readonly stream: string; readonly subscription: string }> {
  const { viewer, site } = cast.actors;
  const terms = { title: "Test clip", source: CLIP, segmentSeconds: 1, freeSeconds: 0 };
  const first = async (actor: Actor, path: string): Promise<string | undefined> =>
    (await actor.api.get<{ data: { id: string }[] }>(path)).data[0]?.id;
  const made = async (actor: Actor, path: string, body: () => object): Promise<string> => {
    let id: string | undefined;
    const isDone = async (): Promise<boolean> => {
      id = await first(actor, path);
      return id !== undefined;
    };
    await ensure(`something under ${path}`, isDone, () => actor.api.post(path, body()));
    return present(id, "it is made");
  };
  const stream = await made(site, "/v1/streams", () => ({ ...terms, priceMsatPerSecond: PRICE_MSAT }));
  const limits = { budgetMsat: BUDGET_MSAT, maxUnpaidMsat: MAX_UNPAID_MSAT };
  const subscription = await made(viewer, "/v1/subscriptions", () => ({ site: cast.siteUrl, stream, ...limits }));
  return { stream, subscription };
}

async function playAll({ actors, siteUrl }: Cast, stream: string, subscription: string): Promise<Played> {
  return play({
    viewer: { ...actors.viewer.api, bytes: (path) => asked(() => actors.viewer.api.bytes(path)) },
    subscription,
    site: siteUrl,
    stream,
    original: CLIP,
    fetch: (url) => asked(() => fetchOnce(url)),
  });
}

async function closeSubscription({ actors }: Cast, id: string): Promise<Pick<Told, "paidMsat" | "feesMsat">> {
  const { viewer, site } = actors;
  let account = { state: "", paidMsat: "", feesMsat: "" };
  await ensure(
    "the end of the session at both ends",
    async () => {
      account = await viewer.api.get(`/v1/subscriptions/${id}`);
      const { data } = await site.api.get<{ data: Event[] }>("/v1/events?limit=500");
      return account.state === "closed" && data.some(({ type }) => type === "stream.session_closed");
    },
    () => viewer.api.post(`/v1/subscriptions/${id}/close`),
  );
  return account;
}

const OVER: ReadonlySet<string> = new Set(["Closing", "Closed"]);
async function closeChannels(cast: Cast): Promise<void> {
  for (const actor of [cast.actors.viewer, cast.actors.router]) {
    await ensure(
      `the close of ${actor.name}'s channel`,
      async () => (await ownOf(actor)).every(({ state }) => OVER.has(state)),
      async () => {
        for (const { id, state } of await ownOf(actor)) {
          if (state === "Normal") await actor.api.post(`/v1/channels/${id}/close`);
        }
      },
    );
  }
  const isConfirmed = async (actor: Actor): Promise<boolean> => {
    const { data } = await actor.api.get<{ data: Event[] }>("/v1/events?limit=500");
    const closed = data.flatMap((event) => (event.type === "channel.closed" ? [`ch_${event.data["channelId"]}`] : []));
    return (await ownOf(actor)).every(({ id }) => closed.includes(id));
  };
  const { viewer, router } = cast.actors;
  await ensure(
    "closes in the chain",
    async () => (await isConfirmed(viewer)) && (await isConfirmed(router)) && (await haveOneTip(cast)),
    async () => {
      const { mempool } = await cast.actors.site.api.get<{ mempool: { transactions: number } }>("/v1/chain");
      if (mempool.transactions > 0) await mine(cast, 1);
    },
  );
}
interface Event {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}
