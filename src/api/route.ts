import { z } from "zod";
import { err, type Result } from "../base/result.ts";
import type { NodeCommands } from "../daemon/commands.ts";
import type { Holder, Scope } from "./auth.ts";
import { type ApiFault, badRequest, type FieldFault } from "./faults.ts";
import type { Logins } from "./logins.ts";

export type Method = "get" | "post" | "delete";
/**
 * What running a POST twice would do, when its idempotency key was used before a crash and no answer was kept:
 * `harmless` runs it again; `same` runs it again too, because the node itself knows the first one; `costly` refuses, because
 * money may have moved. Answers of the last two are kept for ever, of the first for a day.
 */
export type Repeat = "harmless" | "same" | "costly";

export interface Reply<T> {
  readonly status: 200 | 201 | 202 | 204;
  readonly body: T;
  /** Where what was made can be read. */
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Begun once the answer has left, or who asked has gone. */
  readonly afterwards?: () => void;
}
export type Answer<T> = Result<Reply<T>, ApiFault>;

/** A request whose sender is known, not yet parsed. */
export interface RawRequest {
  readonly commands: NodeCommands;
  readonly logins: Logins;
  /** Who asks, by token or by login. Undefined on public routes only. */
  readonly token: Holder | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** How long the caller wants to wait for the outcome, where a route lets it. 0 when it does not. */
  readonly waitSeconds: number;
}
export interface Parsed<P, Q, B> extends RawRequest {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}
interface RouteWords {
  readonly method: Method;
  /** As Express writes it: `/v1/peers/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope | "public";
  /** `harmless` unless told; where the body decides, it is asked before the body is checked. */
  readonly repeat?: Repeat | ((body: unknown) => Repeat);
  /** The answer holds a secret: none is kept for an idempotency key. */
  readonly secret?: true;
  /** Pages of any origin may ask; only for what is public and changes nothing. */
  readonly open?: true;
  /** What is read of a body at most, where that is more than of others. */
  readonly bodyBytes?: number;
  /** Lists carry an ETag. */
  readonly list?: true;
  /** The caller may wait for the outcome: `Prefer: wait=30`. */
  readonly waits?: true;
}
export interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>
  extends RouteWords {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** A body that may be sent, for the documentation. */
  readonly example?: z.input<B>;
  readonly response: R;
  readonly handler: (request: Parsed<z.output<P>, z.output<Q>, z.output<B>>) => Answering<z.output<R>>;
}
type Answering<T> = Answer<T> | Promise<Answer<T>>;

/** A route as data: the server, the documentation and the tests are made from a list of them. */
export interface Route extends RouteWords {
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | undefined;
  readonly example: unknown;
  readonly response: z.ZodType;
  readonly answer: (request: RawRequest) => Answering<unknown>;
}

const nothing = z.strictObject({});
/** Bytes instead of JSON. */
export const BYTES = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export function route<
  R extends z.ZodType,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof nothing,
>(spec: RouteSpec<P, Q, B, R>): Route {
  const { params = nothing, query = nothing, body = nothing, handler, example, ...words } = spec;
  return {
    ...words,
    params,
    query,
    body: spec.body,
    example,
    answer(request) {
      const parsed = {
        path: params.safeParse(request.params),
        query: query.safeParse(request.query),
        body: body.safeParse(request.body ?? {}),
      };
      if (parsed.path.success && parsed.query.success && parsed.body.success) {
        return handler({
          ...request,
          params: parsed.path.data as z.output<P>,
          query: parsed.query.data as z.output<Q>,
          body: parsed.body.data as z.output<B>,
        });
      }
      const errors = [
        ...fieldFaults(parsed.path.error, "path"),
        ...fieldFaults(parsed.query.error, "query"),
        ...fieldFaults(parsed.body.error, undefined),
      ];
      return err(badRequest("Some fields are missing, unknown or malformed.", errors));
    },
  };
}

/** Enough for a person; a request of a thousand wrong fields does not get a thousand lines back. */
const FIELD_FAULTS_MAX = 20;

export function fieldFaults(error: z.ZodError | undefined, where: "path" | "query" | undefined): FieldFault[] {
  const found: FieldFault[] = [];
  const add = (path: readonly PropertyKey[], detail: string): void => {
    const pointer = path
      .map((part) => `/${String(part).slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`)
      .join("");
    found.push({ pointer, detail, ...(where && { in: where }) });
  };
  for (const issue of error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, FIELD_FAULTS_MAX))
        add([...issue.path, key], "is not a field of this request");
    } else add(issue.path, issue.message);
  }
  return found.slice(0, FIELD_FAULTS_MAX);
}
