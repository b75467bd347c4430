import { io, type Socket } from "socket.io-client";
import type { Api } from "../../src/api/server.ts";

/** Sockets that tests opened; `closeSockets` in `afterEach`. */
const open: Socket[] = [];
export function closeSockets(): void {
  for (const socket of open.splice(0)) socket.disconnect();
}
interface Dialling {
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly polling?: true;
}
export function dial(
  api: Api,
  namespace: string,
  { auth = {}, query = {}, headers = {}, polling }: Dialling = {},
): Socket {
  const transports = [polling ? "polling" : "websocket"];
  const options = { transports, reconnection: false, forceNew: true, auth, query, extraHeaders: headers };
  const socket = io(`${api.url}${namespace}`, options);
  open.push(socket);
  return socket;
}
/** What became of it: `connected`, or the refusal's message and data. */
export const outcome = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", (error: Error & { readonly data?: { readonly code?: string } }) =>
      resolve({ message: error.message, code: error.data?.code }),
    );
  });
export const gone = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once("disconnect", (reason) => resolve(reason));
  });
