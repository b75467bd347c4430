import { z } from "zod";
import { err, ok } from "../base/result.ts";
import { badRequest } from "./faults.ts";
import { wholeText } from "./fields.ts";
import type { Answer } from "./route.ts";

/** Lists: `?limit=50&after=<cursor>`, answered by a page and the cursor of the next one. */
export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 500;

export const limitField = wholeText(LIMIT_MAX)
  .refine((limit) => limit > 0, "must be at least 1")
  .optional();
export const listQuery = z.strictObject({
  limit: limitField,
  after: z
    .string()
    .regex(/^[A-Za-z0-9_.:[\]-]{1,160}$/, "must be the `next` of an earlier page")
    .optional(),
});

export interface Page<T> {
  readonly data: T[];
  readonly hasMore: boolean;
  readonly next: string | null;
}
interface Listing<T, J> {
  readonly items: readonly T[];
  /** What names an item in a cursor; unique in the list. */
  readonly cursor: (item: T) => string;
  readonly json: (item: T) => J;
}

/** The items after the cursor. A cursor that names no item any more is refused: skipping silently would lose some. */
export function listed<T, J>(
  query: z.output<typeof listQuery>,
  { items, cursor, json }: Listing<T, J>,
): Answer<Page<J>> {
  const { limit = LIMIT_DEFAULT, after } = query;
  const from = after === undefined ? 0 : items.findIndex((item) => cursor(item) === after) + 1;
  if (after !== undefined && from === 0) {
    const detail = "names no item of this list";
    return err(badRequest("The list cannot go on from there.", [{ pointer: "/after", detail, in: "query" }]));
  }
  const chosen = items.slice(from, from + limit);
  return ok({ status: 200, body: pageOf(chosen.map(json), from + limit < items.length, chosen.map(cursor).at(-1)) });
}
export const pageOf = <J>(data: J[], hasMore: boolean, last: string | undefined): Page<J> => ({
  data,
  hasMore,
  next: hasMore ? (last ?? null) : null,
});
