/** One request a route, what it asks of the node, what it answers, and bodies that must be refused at the field named. */
export interface RouteCase {
  /** As declared. */
  readonly route: string;
  readonly ask: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly calls?: readonly (readonly [string, ...unknown[]])[];
  readonly status: number;
  readonly location?: string;
  readonly answer: unknown;
  /** Changes to `body` (undefined removes a field) and the pointer of the refusal. */
  readonly malformed?: readonly (readonly [Readonly<Record<string, unknown>>, string])[];
}

/** A list with nothing after it. */
export const page = (...data: unknown[]) => ({ data, hasMore: false, next: null });
export const withoutBody = [[{ unheardOf: 1 }, "/unheardOf"]] as const;
