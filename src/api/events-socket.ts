import type { Namespace, Socket } from "socket.io";
import { z } from "zod";
import { err, ok, type Result } from "../base/result.ts";
import type { NodeEvent } from "../daemon/views.ts";
import { type Holder, identify, isStillValid, lacksScope, maySeeEvent } from "./auth.ts";
import { createEventFeed, type EventFeed } from "./event-feed.ts";
import { type ApiFault, badRequest } from "./faults.ts";
import { fromOwnPage } from "./origin.ts";
import { fieldFaults } from "./route.ts";
import type { SocketOptions } from "./socket.ts";
import { eventJson } from "./views.ts";

/**
 * Namespace `/events`, from server to client only. `subscribe {types: ["invoice.*"], after: 17}` is acked with
 * `{cursor}`: the sequence number after which every event of these types is sent, first from the log and then as it
 * happens. A client that comes back asks for what is after the last one it saw. Events without an `id` are in no log: they
 * are sent once, and to nobody who is behind.
 */
const subscribeBody = z.strictObject({
  types: z
    .array(z.string().regex(/^(?:\*|[a-z_]+\.(?:\*|[a-z_]+))$/, 'must be like "invoice.settled", "invoice.*" or "*"'))
    .min(1, "must name a type")
    .max(32, "must have at most 32 types"),
  after: z.int("must be a whole number").min(0, "must be at least 0").optional(),
});
/** Events read and queued at once; the next ones wait until these have left. */
const PAGE_EVENTS = 128;
const REVOCATION_CHECK_MS = 500;

/** The answer stops serving. */
export function serveEvents(namespace: Namespace, { commands, tokens, logins, clock }: SocketOptions): () => void {
  const feed = createEventFeed(commands);
  const holders = new Map<Socket, Holder>();
  const authorise = ({ handshake }: Socket): Result<Holder, ApiFault> => {
    const text: unknown = handshake.auth["token"];
    const login = text === undefined && fromOwnPage(handshake) ? logins.holder(handshake.headers.cookie) : undefined;
    const known = login ? ok(login) : identify(tokens, typeof text === "string" ? text : undefined, clock.now());
    return known.ok && !known.value.scopes.includes("events:read") ? err(lacksScope("events:read")) : known;
  };
  const stands = (id: string): boolean => isStillValid(tokens, id, clock.now()) || logins.isLive(id);
  namespace.use((socket, next) => {
    const token = authorise(socket);
    next(token.ok ? undefined : Object.assign(new Error(token.error.code), { data: token.error }));
  });
  namespace.on("connection", (socket) => {
    const token = authorise(socket);
    if (!token.ok) return void socket.disconnect(true);
    holders.set(socket, token.value);
    socket.once("disconnect", () => holders.delete(socket));
    follow(socket, token.value, feed);
  });
  let cancel = clock.after(REVOCATION_CHECK_MS, check);
  function check(): void {
    for (const [socket, { id }] of holders) if (!stands(id)) socket.disconnect(true);
    cancel = clock.after(REVOCATION_CHECK_MS, check);
  }
  return () => {
    cancel();
    feed.close();
  };
}

interface Subscription {
  readonly matches: (type: string) => boolean;
  /** Everything up to here was sent, or is of no interest. */
  cursor: number;
}
function follow(socket: Socket, token: Holder, feed: EventFeed): void {
  let subscription: Subscription | undefined;
  let waiting = false;
  const pump = (): void => {
    while (subscription !== undefined && subscription.cursor < feed.newest()) {
      const { transport } = socket.conn;
      if (!transport.writable) {
        if (!waiting) transport.once("ready", resume);
        waiting = true;
        return;
      }
      const page = feed.after(subscription.cursor, PAGE_EVENTS);
      for (const event of page) {
        if (subscription.matches(event.type) && maySeeEvent(token, event.type)) socket.emit("event", eventJson(event));
      }
      subscription.cursor = page.at(-1)?.seq ?? feed.newest();
    }
  };
  const resume = (): void => {
    waiting = false;
    pump();
  };
  const pass = (event: NodeEvent): void => {
    if (subscription === undefined || subscription.cursor < event.seq) return;
    if (subscription.matches(event.type) && maySeeEvent(token, event.type)) {
      socket.volatile.emit("event", eventJson(event));
    }
  };
  const unlisten = feed.listen({ wake: pump, pass });
  socket.once("disconnect", () => {
    subscription = undefined;
    unlisten();
  });
  socket.on("subscribe", (body: unknown, ack: unknown) => {
    if (typeof ack !== "function") return;
    const asked = parse(body);
    if (!asked.ok) return ack({ error: asked.error });
    const { types, after } = asked.value;
    subscription = { matches: matcher(types), cursor: Math.min(after ?? feed.newest(), feed.newest()) };
    ack({ cursor: subscription.cursor });
    pump();
  });
}
function parse(body: unknown): Result<z.output<typeof subscribeBody>, ApiFault> {
  const parsed = subscribeBody.safeParse(body);
  if (parsed.success) return ok(parsed.data);
  return err(badRequest("Some fields are missing, unknown or malformed.", fieldFaults(parsed.error, undefined)));
}
function matcher(types: readonly string[]): (type: string) => boolean {
  const names = new Set(types.filter((type) => !type.endsWith("*")));
  const families = types.filter((type) => type.endsWith("*")).map((type) => type.slice(0, -1));
  return (type) => names.has(type) || families.some((family) => type.startsWith(family));
}
