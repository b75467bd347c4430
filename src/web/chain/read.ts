import type { Page } from "../answers.ts";
import type { Difficulty, KnownBlock, Waiting } from "./answers.ts";

/** Asks the daemon for what is at a path. */
export type Asker = <T>(path: string) => Promise<T>;

/** All known blocks of so many heights up to `edge`, or up to the highest that is known. */
export async function readBlocks(
  asker: Asker,
  edge: number | undefined,
  columns: number,
): Promise<readonly KnownBlock[]> {
  const to = edge === undefined ? "" : `&to=${edge}`;
  const { data } = await asker<{ readonly data: readonly KnownBlock[] }>(`/v1/chain/branches?heights=${columns}${to}`);
  return data;
}

export async function readDifficulty(asker: Asker): Promise<readonly Difficulty[]> {
  return (await asker<{ readonly data: readonly Difficulty[] }>("/v1/chain/difficulty")).data;
}

const WAITING_SHOWN = 20;
/** The first of those that wait. */
export async function readWaiting(asker: Asker): Promise<readonly Waiting[]> {
  return (await asker<Page<Waiting>>(`/v1/chain/mempool?limit=${WAITING_SHOWN}`)).data;
}
