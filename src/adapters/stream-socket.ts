import { io } from "socket.io-client";
import type { StreamLink, StreamLinks } from "../ports/stream-link.ts";

/** Policy, not protocol: a site that has not let us in by then does not answer. */
const OPEN_MS_MAX = 10_000;
/** Policy, not protocol: the largest answer are offers, some hundred keys. Whoever says more at once is cut off. */
const MESSAGE_BYTES_MAX = 256 * 1024;
/** `maxPayload` is handed on to the WebSocket, though its type does not say so. */
const OPTIONS: Parameters<typeof io>[1] & { readonly maxPayload: number } = {
  transports: ["websocket"],
  reconnection: false,
  forceNew: true,
  maxPayload: MESSAGE_BYTES_MAX,
};

/** The payer's end of a site's socket.io namespace `/stream`. One socket a link; it is not re-opened here, the host decides. */
export const streamLinksWithin = (openMs: number): StreamLinks => ({
  open: (site, lost) =>
    new Promise((resolve, reject) => {
      const socket = io(`${site}/stream`, OPTIONS);
      let opened = false;
      const giveUp = (why: string): void => {
        clearTimeout(timer);
        socket.close();
        reject(new Error(`cannot reach ${site}: ${why}`));
      };
      const timer = setTimeout(() => giveUp("it does not answer"), openMs);
      socket.once("connect", () => {
        opened = true;
        clearTimeout(timer);
        resolve(linkOf(socket));
      });
      socket.once("connect_error", (error) => giveUp(error.message));
      socket.once("disconnect", (reason) => {
        if (!opened) giveUp(reason);
        else if (reason !== "io client disconnect") lost();
      });
    }),
});
export const socketStreamLinks = streamLinksWithin(OPEN_MS_MAX);

function linkOf(socket: ReturnType<typeof io>): StreamLink {
  return {
    request: (name, body, timeoutMs) => socket.timeout(timeoutMs).emitWithAck(name, body) as Promise<unknown>,
    close: () => void socket.close(),
  };
}
