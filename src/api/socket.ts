import type { Server as HttpServer, IncomingMessage } from "node:http";
import { Server, type Socket } from "socket.io";
import type { NodeCommands } from "../daemon/commands.ts";
import type { Log } from "../ports/log.ts";
import type { Clock } from "../ports/world.ts";
import type { TokenStore } from "./auth.ts";
import { serveEvents } from "./events-socket.ts";
import type { Logins } from "./logins.ts";
import { foreign, type Origins } from "./origin.ts";
import { serveStream } from "./stream-socket.ts";

/** Who answers the viewers of streams. What a viewer sends is handed on unread. */
export interface StreamSite {
  /** One named request of one connection, answered once. A rejection is a bug of ours. */
  request(connectionId: string, name: string, body: unknown): Promise<unknown>;
  /** The connection is gone; nothing more comes from it. */
  closed(connectionId: string): void;
}
export interface SocketOptions {
  readonly commands: NodeCommands;
  readonly tokens: TokenStore;
  readonly logins: Logins;
  readonly clock: Clock;
  readonly log: Log;
  readonly streamSite?: StreamSite;
  readonly socketsMax?: number;
}
export interface Sockets {
  close(): void;
}

/** One message; larger ones end the connection. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** Beyond them each newcomer, who may be an operator, takes the place of somebody who is none. */
const SOCKETS_MAX = 1_000;
/** A connection that joins no namespace in this time is cut. */
const JOIN_MS_MAX = 5_000;

/** Socket.io on the server's port: `/events` for those with a token or a login, `/stream` for viewers. */
export function attachSockets(server: HttpServer, options: SocketOptions, origins: Origins): Sockets {
  const io = new Server(server, {
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    connectTimeout: JOIN_MS_MAX,
    allowRequest(request, decide) {
      const refusal = refusalOf(request, origins, () => hasPlace(io, guests, options.socketsMax ?? SOCKETS_MAX));
      decide(refusal, refusal === undefined);
    },
  });
  const guests = guestsOf(io);
  io.of("/events").on("connection", ({ conn }) => guests.delete(conn));
  io.use((_, next) => next(new Error("NOT_FOUND")));
  const stopEvents = serveEvents(io.of("/events"), options);
  if (options.streamSite !== undefined) serveStream(io.of("/stream"), { ...options, site: options.streamSite });
  return {
    close() {
      stopEvents();
      void io.close();
    },
  };
}
/** What is refused before the connection becomes a WebSocket. A token in a URL would end up in logs. */
function refusalOf(request: IncomingMessage, origins: Origins, hasPlace: () => boolean): string | undefined {
  if (/[?&](?:token|auth)=/i.test(request.url ?? "")) return "A token does not belong in a URL.";
  return foreign(request, origins) ?? (hasPlace() ? undefined : "Too many connections.");
}

type Guest = Socket["conn"];
/** All connections but those of operators: who was here first stands first. */
function guestsOf(io: Server): Set<Guest> {
  const guests = new Set<Guest>();
  io.engine.on("connection", (conn: Guest) => {
    guests.add(conn);
    conn.once("close", () => guests.delete(conn));
  });
  return guests;
}
/** Who comes is known only later: so that viewers cannot shut an operator out, the one who has been here longest goes. */
function hasPlace({ engine }: Server, guests: ReadonlySet<Guest>, socketsMax: number): boolean {
  if (engine.clientsCount < socketsMax) return true;
  const [oldest] = guests;
  oldest?.close(true);
  return oldest !== undefined;
}
