import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import type { Daemon } from "../../scripts/demo/daemon.ts";
import type { LdkChannel } from "./ldk/commands.ts";
import type { Said } from "./ldk/events.ts";
import { type Company, type OurChannel, told, usable } from "./ldk-and-sluice.ts";

/** What the two do with each other, each to its end: a test says only what is special about it. */

export interface Payment {
  readonly id: string;
  readonly paymentHash: string;
  readonly state: "pending" | "succeeded" | "failed";
  readonly feeMsat: string | null;
  readonly failure: { readonly code: string } | null;
}
export interface Opening {
  readonly sat?: string;
  readonly pushMsat?: string;
  readonly announce?: boolean;
  readonly scidAlias?: boolean;
  readonly anchors?: boolean;
  /** LDK proposes no such channel. */
  readonly zeroConf?: boolean;
}
const MEMPOOL = "/v1/chain/mempool?limit=500";
const CAPACITY_SAT = "1000000";
/** More than either side asks for. */
export const DEPTH_BLOCKS = 6;

/** A connection on which `init` has come both ways. */
export async function connected(them: Company): Promise<void> {
  await them.dial();
  await until("a peer", async () => (await them.ldk.do("peers")).length === 1);
}
/** The connection comes back after it was cut. */
export async function again(them: Company): Promise<void> {
  await until("no peer", async () => (await them.ldk.do("peers")).length === 0);
  await connected(them);
}
/** The connection comes back after it was cut, and both go on with every channel. */
export async function reconnected(them: Company): Promise<void> {
  await again(them);
  await allUsable(them);
}
export async function allUsable(them: Company): Promise<void> {
  await until("channels that both can use", async () => {
    const [ours, theirs] = [await them.channels(), await them.ldk.do("channels")];
    const open = ours.filter(({ state }) => state === "Normal");
    return open.every(({ active }) => active) && theirs.every((each) => each.usable) && open.length === theirs.length;
  });
}

/** We begin to open a channel: its funding transaction waits to be mined. The answer is its id in our API. */
export async function weBegin(them: Company, opening: Opening = {}): Promise<string> {
  const { sat: capacitySat = CAPACITY_SAT, pushMsat = "0", announce = false, ...wishes } = opening;
  const asked = { peer: them.ldk.nodeId, capacitySat, pushMsat, announce, ...wishes };
  return (await them.ours.api.post<OurChannel>("/v1/channels", asked)).id;
}
export async function ldkBegins(them: Company, opening: Opening = {}): Promise<string> {
  const { sat = CAPACITY_SAT, pushMsat = "0", announce = false, scidAlias: scidPrivacy = false, anchors } = opening;
  const since = them.ldk.said.length;
  await them.ldk.do("open", {
    peer: them.ours.started.nodeId,
    sat,
    pushMsat,
    announce,
    scidPrivacy,
    ...(anchors !== undefined && { anchors }),
  });
  return ldkHasBegun(them, since);
}
export async function ldkHasBegun(them: Company, since: number): Promise<string> {
  const pending = await told(them.ldk, "a pending channel", since, ({ name }) => name === "pending");
  const id = pending.name === "pending" ? `ch_${pending.channel}` : "";
  await until("a funding transaction", async () => {
    const { data } = await them.ours.api.get<{ readonly data: readonly { readonly txid: string }[] }>(MEMPOOL);
    const funding = (await them.channels()).find((each) => each.id === id)?.funding;
    return data.some(({ txid }) => funding?.startsWith(txid));
  });
  return id;
}
export async function weOpen(them: Company, opening: Opening = {}): Promise<OurChannel> {
  const id = await weBegin(them, opening);
  await them.mine(DEPTH_BLOCKS);
  return usable(them, id);
}
export async function ldkOpens(them: Company, opening: Opening = {}): Promise<OurChannel> {
  const id = await ldkBegins(them, opening);
  await them.mine(DEPTH_BLOCKS);
  return usable(them, id);
}
/** Something waits to be mined. */
export async function inMempool(them: Company, count = 1): Promise<void> {
  await until(`${count} in the mempool`, async () => {
    const { data } = await them.ours.api.get<{ readonly data: readonly object[] }>(MEMPOOL);
    return data.length >= count;
  });
}

/** We pay an invoice of LDK's, and it is over. */
export async function wePay(them: Company, msat: string): Promise<void> {
  const paid = await payment(them, await them.ldk.do("invoice", { msat }));
  expect(paid.state, paid.failure?.code).to.equal("succeeded");
}
export const payment = (them: Company, bolt11: string): Promise<Payment> =>
  them.ours.api.post<Payment>("/v1/payments", { bolt11 }, { prefer: "wait=30" });

/** LDK pays an invoice of ours, and it is over. */
export async function ldkPays(them: Company, amountMsat: string): Promise<void> {
  const { ours, ldk } = them;
  const since = ldk.said.length;
  const { bolt11 } = await ours.api.post<{ readonly bolt11: string }>("/v1/invoices", {
    amountMsat,
    description: "to us",
  });
  const hash = await ldk.do("pay", { invoice: bolt11 });
  await told(ldk, "a payment sent", since, (said) => said.name === "sent" && said.hash === hash);
}
/** A payment that came in without an invoice. */
export interface Keysend {
  readonly paymentHash: string;
  readonly amountMsat: string;
  readonly customRecords: Readonly<Record<string, string>>;
}
/** Without an invoice, to its end. */
export const keysend = (
  { api }: Daemon,
  payee: string,
  amountMsat: string,
  customRecords: Keysend["customRecords"] = {},
): Promise<Payment> =>
  api.post<Payment>("/v1/payments", { keysend: payee, amountMsat, customRecords }, { prefer: "wait=30" });
export const keysendsOf = async ({ api }: Daemon): Promise<readonly Keysend[]> =>
  (await api.get<{ readonly data: readonly Keysend[] }>("/v1/keysends")).data;
/** LDK pays somebody without an invoice, who takes it. The answer is the payment hash. */
export async function ldkKeysends(
  { ldk }: Company,
  asked: {
    readonly peer: string;
    readonly msat: string;
    readonly secret?: string;
    readonly records?: Keysend["customRecords"];
  },
): Promise<string> {
  const since = ldk.said.length;
  const hash = await ldk.do("keysend", asked);
  await told(ldk, "a payment sent", since, (said) => said.name === "sent" && said.hash === hash);
  return hash;
}
/** LDK pays us unasked, which we refuse, and it hears of it. */
export async function weRefuse(them: Company, msat: string): Promise<void> {
  const { ours, ldk } = them;
  const since = ldk.said.length;
  const hash = await ldk.do("keysend", { peer: ours.started.nodeId, msat });
  await told(ldk, "a payment refused", since, (said) => said.name === "failed" && said.hash === hash);
}
/** A payment that LDK holds: the one of this hash, or the next. */
export async function ldkHolds(
  { ldk }: Company,
  hash?: string,
): Promise<{ readonly hash: string; readonly preimage: string }> {
  const since = hash === undefined ? ldk.said.length : 0;
  const isIt = (said: Said): boolean => said.name === "claimable" && said.hash === (hash ?? said.hash);
  const held = await told(ldk, "a payment held", since, isIt);
  return held.name === "claimable" ? held : { hash: "", preimage: "" };
}
/** A payment of ours that LDK has and holds, as it does with each until it is told to claim or to fail it. */
export async function weBeginToPay(
  them: Company,
  msat: string,
): Promise<{ readonly hash: string; readonly preimage: string }> {
  const bolt11 = await them.ldk.do("invoice", { msat });
  await them.ldk.do("hold", { holds: true });
  const held = await ldkHolds(them, (await them.ours.api.post<Payment>("/v1/payments", { bolt11 })).paymentHash);
  await them.ldk.do("hold", { holds: false });
  return held;
}
/** We pay LDK, which refuses, and we hear of it. */
export async function ldkRefuses(them: Company, msat: string): Promise<void> {
  const { ldk } = them;
  const bolt11 = await ldk.do("invoice", { msat });
  await ldk.do("hold", { holds: true });
  const paying = payment(them, bolt11);
  const { hash } = await ldkHolds(them);
  await ldk.do("hold", { holds: false });
  await ldk.do("fail", { hash });
  expect((await paying).state).to.equal("failed");
}

/** Nothing is on its way in any channel, and both sides have it that every one goes on, with the same money on each side. */
export async function agreed(them: Company): Promise<void> {
  await until("both agree", async () => {
    const [ours, theirs] = [await them.channels(), await them.ldk.do("channels")];
    return theirs.every((each) => {
      const same = ours.find(({ channelId }) => channelId === each.id);
      return each.pendingHtlcs === 0 && same?.htlcs === 0 && same.active && sameMoney(same, each);
    });
  });
}
const sameMoney = ({ localMsat }: OurChannel, { capacitySat, balanceMsat }: LdkChannel): boolean =>
  balanceMsat === undefined || BigInt(localMsat) + BigInt(balanceMsat) === BigInt(capacitySat) * 1_000n;

/** Why a channel was closed and what has come of its money. */
export interface Explanation {
  readonly cause: string;
  readonly closing: { readonly by: string } | null;
  readonly outputs: readonly { readonly status: string; readonly what: string }[];
}
export const explained = ({ api }: Daemon, { id }: OurChannel): Promise<Explanation> =>
  api.get(`/v1/channels/${id}/explanation`);
/** Nothing of it waits for us or for a later block. */
export async function isOver(ours: Daemon, channel: OurChannel): Promise<boolean> {
  const { closing, outputs } = await explained(ours, channel);
  return closing !== null && outputs.every(({ status }) => status === "spent" || status === "uneconomical");
}
