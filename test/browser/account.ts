import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import type { Daemon } from "../../scripts/demo/daemon.ts";
import type { Stage } from "../../scripts/demo/stage.ts";

/** What one second costs, and what the router takes of it: its policy is 1,000 millionths. */
export const PRICE_MSAT = 100_000n;
export const FEE_MSAT = 100n;

export interface Session {
  readonly id: string;
  readonly state: string;
  readonly paidMsat: string;
  readonly feesMsat: string;
  readonly owedMsat: string;
  readonly unlocked: readonly number[];
}
interface Channel {
  readonly localMsat: string;
  readonly htlcs: number;
}
/** What each of the three has in its channels, when nothing is on its way. */
interface Holdings {
  readonly viewer: bigint;
  readonly router: bigint;
  readonly site: bigint;
}
async function holdings({ viewer, router, site }: Stage): Promise<Holdings> {
  const of = async ({ api }: Daemon): Promise<bigint> => {
    const channels = await until("channels without HTLCs", async () => {
      const { data } = await api.get<{ data: Channel[] }>("/v1/channels");
      return data.every(({ htlcs }) => htlcs === 0) && data;
    });
    return channels.reduce((sum, { localMsat }) => sum + BigInt(localMsat), 0n);
  };
  return { viewer: await of(viewer), router: await of(router), site: await of(site) };
}

/** The account of one film, at all who take part. */
export interface Books {
  readonly stream: string;
  /** All sessions of the viewer's for it, ended ones too. */
  sessions(): Promise<readonly Session[]>;
  /** How many seconds are paid for, once nothing is owed or on its way; held exact to the millisatoshi at viewer, router and site. */
  paidUnits(): Promise<number>;
}

export async function keepBooks(stage: Stage, stream: string): Promise<Books> {
  const before = await holdings(stage);
  const sessions = async (): Promise<readonly Session[]> => {
    const { data } = await stage.viewer.api.get<{ data: (Session & { stream: string })[] }>("/v1/subscriptions");
    return data.filter((session) => session.stream === stream);
  };
  /** Unless a second is bought while it is read. */
  const read = async () => {
    const quiet = await until("a session that owes nothing", async () => {
      const all = await sessions();
      return all.every(({ owedMsat }) => owedMsat === "0") && all;
    });
    const { earnedMsat } = await stage.site.api.get<{ earnedMsat: string }>(`/v1/streams/${stream}`);
    const after = await holdings(stage);
    return isDeepStrictEqual(await sessions(), quiet) && { quiet, earnedMsat, after };
  };
  return {
    stream,
    sessions,
    async paidUnits() {
      const { quiet, earnedMsat, after } = await until("an account that stands still", read);
      const units = BigInt(quiet.flatMap(({ unlocked }) => unlocked).length);
      const sum = (of: (session: Session) => string): bigint => quiet.reduce((all, one) => all + BigInt(of(one)), 0n);
      expect({
        paid: sum(({ paidMsat }) => paidMsat),
        fees: sum(({ feesMsat }) => feesMsat),
        earned: BigInt(earnedMsat),
        viewer: after.viewer - before.viewer,
        router: after.router - before.router,
        site: after.site - before.site,
      }).to.deep.equal({
        paid: units * PRICE_MSAT,
        fees: units * FEE_MSAT,
        earned: units * PRICE_MSAT,
        viewer: -units * (PRICE_MSAT + FEE_MSAT),
        router: units * FEE_MSAT,
        site: units * PRICE_MSAT,
      });
      return Number(units);
    },
  };
}
