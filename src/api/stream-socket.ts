import type { Namespace, Socket } from "socket.io";
import type { Log } from "../ports/log.ts";
import type { Clock } from "../ports/world.ts";
import { FairLine } from "./fair-line.ts";
import type { ApiFault } from "./faults.ts";
import { isPlainJson } from "./json.ts";
import type { StreamSite } from "./socket.ts";

export interface StreamServing {
  readonly site: StreamSite;
  readonly clock: Clock;
  readonly log: Log;
}
/** Of one connection: a viewer that pays as fast as a route allows needs a few a unit. */
const REQUESTS_PER_SECOND = 200;
const REQUESTS_BURST = 400;
/** Requests that are not answered, and answers that the viewer has not read. */
const UNANSWERED_MAX = 64;
/** A connection that goes on after this many refusals for speed is cut. */
const REFUSALS_MAX = 1_000;

const NAME_FORM = /^[a-zA-Z]{1,32}(?:\.[a-zA-Z]{1,32}){0,3}$/;

/** Namespace `/stream`, open to everyone: each event with an ack is one request to the site. */
export function serveStream(namespace: Namespace, serving: StreamServing): void {
  const line = new FairLine();
  namespace.on("connection", (socket) => {
    const pace = createPace(serving.clock);
    let unanswered = 0;
    let unread = 0;
    let refusals = 0;
    // Whatever waited for the viewer to read is on its way.
    const read = (): void => {
      unread = 0;
    };
    socket.conn.on("drain", read);
    const refuse = (ack: (answer: unknown) => void, error: ApiFault): void => {
      ack({ error });
      if (++refusals > REFUSALS_MAX) cut(socket);
    };
    socket.onAny((name: unknown, ...args: readonly unknown[]) => {
      const ack = args.at(-1);
      const fresh = pace();
      if (typeof ack !== "function") return fresh ? undefined : cut(socket);
      const answer = (value: unknown): void => void ack(value);
      if (!fresh || unanswered + unread >= UNANSWERED_MAX) return refuse(answer, TOO_FAST);
      const [body] = args;
      if (args.length !== 2 || typeof name !== "string" || !NAME_FORM.test(name) || !isPlainJson(body)) {
        return refuse(answer, MALFORMED);
      }
      unanswered += 1;
      const asked = { name, body };
      line.add(socket.id, async () => {
        const value = await askSite(socket, asked, serving);
        unanswered -= 1;
        unread += 1;
        answer(value);
      });
    });
    socket.once("disconnect", () => {
      // One connection may come to the namespace any number of times.
      socket.conn.off("drain", read);
      line.leave(socket.id);
      serving.site.closed(socket.id);
    });
  });
}

/** Now: who does not read would not hear of it, and what waits for him would be kept until he did. */
const cut = (socket: Socket): void => void socket.conn.close(true);

interface Asked {
  readonly name: string;
  readonly body: unknown;
}
async function askSite(socket: Socket, { name, body }: Asked, { site, log }: StreamServing): Promise<unknown> {
  try {
    return await site.request(socket.id, name, body);
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
    log.error("api.stream_request_failed", { connection: socket.id, name, cause });
    return { error: BROKEN };
  }
}
/** A bucket of requests that fills with time; false when it is empty. */
function createPace(clock: Clock): () => boolean {
  let left = REQUESTS_BURST;
  let at = clock.now();
  return () => {
    const now = clock.now();
    left = Math.min(REQUESTS_BURST, left + ((now - at) / 1000) * REQUESTS_PER_SECOND);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}

const TOO_FAST: ApiFault = {
  code: "RATE_LIMITED",
  detail: "Too many requests on this connection.",
  retryAfterSeconds: 1,
};
const MALFORMED: ApiFault = { code: "BAD_REQUEST", detail: "A request is a name, one JSON value and an ack." };
const BROKEN: ApiFault = { code: "INTERNAL", detail: "Something went wrong here." };
