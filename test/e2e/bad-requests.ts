import type { ApiClient } from "../../scripts/demo/client.ts";

interface Problem {
  readonly status: number;
  readonly code?: string;
  readonly errors?: readonly { readonly pointer: string; readonly in?: string }[];
}
/** A request that no daemon may take, and what it is told. */
export interface Answered {
  readonly request: string;
  /** The field that is wrong: `/amountSat` of the body, `id` of the path. */
  readonly wrong: string;
  readonly type: string | null;
  readonly problem: Problem;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties?: object } }>>;
  };
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Files and keys have names, not fields: one that is not there is not found. */
const FILES = "/s/{stream}/";
/** What no field takes. */
const NOTHING = { of: ["this", "kind"] };

/** Asks for everything that the daemon describes, once for each field of a body and each part of a path, with that one wrong. */
export async function askWrongly(api: ApiClient): Promise<readonly Answered[]> {
  const { paths } = await api.get<{ paths: Paths }>("/openapi.json");
  const asked: Promise<Answered>[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    if (path.startsWith(FILES)) continue;
    for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
      const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      for (const name of inPath) asked.push(ask(api, { method, path: filled(path), wrong: name }));
      if (inPath.length > 0 || requestBody === undefined) continue;
      const { properties = {} } = requestBody.content["application/json"]?.schema ?? {};
      for (const name of [...Object.keys(properties), "unheardOf"])
        asked.push(ask(api, { method, path, wrong: `/${name}`, body: { [name]: NOTHING } }));
    }
  }
  return Promise.all(asked);
}
const filled = (path: string): string => path.replaceAll(/\{\w+\}/g, "~not~an~id~");

interface Wrong {
  readonly method: string;
  readonly path: string;
  readonly wrong: string;
  readonly body?: object;
}
let asked = 0;
async function ask({ url, token }: ApiClient, { method, path, wrong, body }: Wrong): Promise<Answered> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, "idempotency-key": `wrong-${++asked}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const init: RequestInit = { method: method.toUpperCase(), headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(url + path, init);
  const problem = (await response.json().catch(() => ({ status: 0 }))) as Problem;
  return { request: `${init.method} ${path}`, wrong, type: response.headers.get("content-type"), problem };
}
