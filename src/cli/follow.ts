import type { NodeEvent } from "./answers.ts";
import type { SluiceClient } from "./client.ts";
import { CliFault, EXIT, noDaemon } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

export interface Following {
  /** Such as `invoice.settled`, `chain.*` or `*`. */
  readonly types: readonly string[];
  /** The sequence number of the last event that is known. Without one only what happens from now on is told. */
  readonly after?: number;
  readonly tell: (event: NodeEvent) => void;
  /** Each time the daemon has said that it tells: also after a connection that was lost. */
  readonly following?: () => void;
  /** Each time the connection is lost: it is tried again until the daemon is back. */
  readonly lost?: () => void;
}

/** Tells what happens from now on, over socket.io, until it is interrupted. Rejects with `CliFault` where no daemon was there at all. */
export async function follow(node: SluiceClient, interrupted: AbortSignal, following: Following): Promise<void> {
  const { io } = await import("socket.io-client");
  if (interrupted.aborted) return;
  const socket = io(`${node.api.url}/events`, { transports: ["websocket"], auth: { token: node.api.token } });
  let last = following.after;
  let wasThere = false;
  socket.on("event", (event: NodeEvent) => {
    if (last !== undefined) last = event.seq;
    following.tell(event);
  });
  // Also after a lost connection: what was missed comes first.
  socket.on("connect", () => {
    wasThere = true;
    socket.emit("subscribe", { types: following.types, ...(last !== undefined && { after: last }) }, () =>
      following.following?.(),
    );
  });
  try {
    await new Promise<void>((resolve, reject) => {
      interrupted.addEventListener("abort", () => resolve());
      socket.on("disconnect", () => {
        if (!interrupted.aborted) following.lost?.();
      });
      socket.on("connect_error", ({ message }) => {
        if (message === "UNAUTHORIZED" || message === "RESTRICTED") {
          reject(new CliFault(EXIT.auth, "The token may not follow events."));
        } else if (!wasThere) reject(noDaemon(node.api.url));
      });
    });
  } finally {
    socket.close();
  }
}

export const sayLost =
  ({ err }: Terminal): (() => void) =>
  () =>
    err.write("The daemon has gone: waiting until it is back.\n");
