import { BlockPruned } from "../chain/pruned.ts";
import { CODE, type RpcCode, RpcFault } from "./fault.ts";
import type { Json } from "./json-text.ts";
import { helpOf, type Method, type RpcContext } from "./method.ts";
import { METHODS } from "./methods/all.ts";

/** The answer to one call; undefined for a notification of JSON-RPC 2, which gets none. */
export interface Reply {
  readonly version: 1 | 2;
  readonly body: Json;
  readonly code: RpcCode | undefined;
}
type Id = string | number | null;

/** Reads one call, runs it and makes its answer. Never rejects: a bug of ours is an internal error for the caller. */
export async function answerCall(
  context: RpcContext,
  request: unknown,
  onBug: (error: unknown) => void,
): Promise<Reply | undefined> {
  const { fields, version, id, isNotification } = headOf(request);
  try {
    if (fields === undefined) throw new RpcFault(CODE.invalidRequest, "Invalid Request object");
    const result = await run(context, fields);
    return isNotification ? undefined : { version, body: succeeded(version, id, result), code: undefined };
  } catch (error) {
    const fault = faultOf(error);
    if (fault.code === CODE.internal) onBug(error);
    return refuseCall(request, fault);
  }
}
/** The answer to a call that is not run. */
export function refuseCall(request: unknown, fault: RpcFault): Reply | undefined {
  const { version, id, isNotification } = headOf(request);
  return isNotification ? undefined : { version, body: failed(version, id, fault), code: fault.code };
}
function headOf(request: unknown) {
  const fields = isObject(request) ? request : undefined;
  const version: 1 | 2 = fields?.["jsonrpc"] === "2.0" ? 2 : 1;
  const isNotification = version === 2 && fields !== undefined && !Object.hasOwn(fields, "id");
  return { fields, version, id: idOf(fields?.["id"]), isNotification };
}
function faultOf(error: unknown): RpcFault {
  if (error instanceof RpcFault) return error;
  if (error instanceof BlockPruned) return new RpcFault(CODE.misc, "Block not available (pruned data)");
  return new RpcFault(CODE.internal, "Internal error");
}
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const idOf = (id: unknown): Id => (typeof id === "string" || typeof id === "number" ? id : null);

const succeeded = (version: 1 | 2, id: Id, result: Json): Json =>
  version === 2 ? { jsonrpc: "2.0", result, id } : { result, error: null, id };
/** Also for what was not even a call. */
export const failed = (version: 1 | 2, id: Id, { code, message }: RpcFault): Json =>
  version === 2 ? { jsonrpc: "2.0", error: { code, message }, id } : { result: null, error: { code, message }, id };

function run(context: RpcContext, { method: name, params }: Readonly<Record<string, unknown>>): Json | Promise<Json> {
  if (name === undefined) throw new RpcFault(CODE.invalidRequest, "Missing method");
  if (typeof name !== "string") throw new RpcFault(CODE.invalidRequest, "Method must be a string");
  const method = METHODS.get(name);
  if (method === undefined) throw new RpcFault(CODE.methodNotFound, "Method not found");
  return method.run(context, argumentsOf(method, params));
}

/** By place or by name. Under the name `args` some may stand by place beside those by name. */
function argumentsOf(method: Method, params: unknown): Readonly<Record<string, unknown>> {
  const names = Object.keys(method.params);
  const given = new Map<string, unknown>();
  const place = (values: readonly unknown[]): void => {
    if (values.length > names.length) throw new RpcFault(CODE.misc, helpOf(method));
    for (const [index, value] of values.entries()) given.set(names[index] as string, value);
  };
  if (Array.isArray(params)) place(params);
  else if (isObject(params)) {
    const { args, ...named } = params;
    if (Array.isArray(args)) place(args);
    for (const [name, value] of Object.entries(named)) {
      if (!names.includes(name)) throw new RpcFault(CODE.parameter, `Unknown named parameter ${name}`);
      if (given.has(name)) {
        throw new RpcFault(CODE.parameter, `Parameter ${name} specified twice both as positional and named argument`);
      }
      given.set(name, value);
    }
  } else if (params !== undefined && params !== null) {
    throw new RpcFault(CODE.invalidRequest, "Params must be an array or object");
  }
  const read: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(method.params)) {
    const value = given.get(name);
    if (value === undefined && !param.optional) throw new RpcFault(CODE.misc, helpOf(method));
    read[name] = param.read(value, name);
  }
  return read;
}
