import { io } from "socket.io-client";
import type { StreamLink, StreamLinks } from "../ports/stream-link.ts";

/** The payer's end of a site's socket.io namespace `/stream`. One socket a link; it is not re-opened here, the host decides. */
export const socketStreamLinks: StreamLinks = {
  open: (site, lost) =>
    new Promise((resolve, reject) => {
      const socket = io(`${site}/stream`, { transports: ["websocket"], reconnection: false, forceNew: true });
      let opened = false;
      socket.once("connect", () => {
        opened = true;
        resolve(linkOf(socket));
      });
      socket.once("connect_error", (error) => {
        socket.close();
        if (!opened) reject(new Error(`cannot reach ${site}: ${error.message}`));
      });
      socket.once("disconnect", (reason) => {
        if (reason !== "io client disconnect") lost();
      });
    }),
};

function linkOf(socket: ReturnType<typeof io>): StreamLink {
  return {
    request: (name, body, timeoutMs) => socket.timeout(timeoutMs).emitWithAck(name, body) as Promise<unknown>,
    close: () => void socket.close(),
  };
}
