import { createServer, connect as dialSocket, type Socket } from "node:net";
import { unixMs } from "../../../src/base/units.ts";
import type { Connection, Network } from "../../../src/ports/network.ts";
import type { Clock } from "../../../src/ports/world.ts";

/** Real sockets and real time, with no more than these tests need of them. */

function connectionOver(socket: Socket): Connection {
  return {
    remoteAddress: `${socket.remoteAddress}:${socket.remotePort}`,
    attach: ({ data, closed }) => {
      socket
        .on("data", data)
        .on("error", () => undefined)
        .on("close", closed);
    },
    send: (bytes) => void socket.write(bytes),
    get queuedBytes() {
      return socket.writableLength;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: (how) => void (how === "now" ? socket.destroy() : socket.end()),
  };
}
export const tcpNetwork: Network = {
  listen: ({ host, port }, accept) =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => accept(connectionOver(socket)));
      server.on("error", reject);
      server.listen(port, host, () => {
        const bound = server.address();
        const own = typeof bound === "object" && bound !== null ? bound.port : port;
        const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
        resolve({ address: { host, port: own }, close });
      });
    }),
  dial: ({ host, port }) =>
    new Promise((resolve, reject) => {
      const socket = dialSocket(port, host, () => resolve(connectionOver(socket)));
      socket.on("error", reject);
    }),
};
export const realClock: Clock = {
  now: () => unixMs(Date.now()),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
