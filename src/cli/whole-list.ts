import type { Page } from "./answers.ts";
import type { ApiClient } from "./http.ts";

/** A piece of a path, as it may stand in one. */
export const part = encodeURIComponent;
const PAGE_ITEMS = 500;

/** A list of the API, read to its end. */
export async function wholeList<T>(api: ApiClient, path: string): Promise<readonly T[]> {
  const found: T[] = [];
  let after = "";
  for (;;) {
    const page = await api.get<Page<T>>(`${path}?limit=${PAGE_ITEMS}${after}`);
    found.push(...page.data);
    if (!page.hasMore || page.next === null) return found;
    after = `&after=${part(page.next)}`;
  }
}
