import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { Refused } from "../sentences.ts";
import { checkFolder } from "./permissions.ts";
import { type Reception, turnAway, Visit } from "./visit.ts";

/** Policy, not protocol: how long a node waits for the end of the one before. */
const HANDOVER_MS = 1_000;
/** Policy, not protocol: one is served and one waits; the others are there until they have heard that they are turned away. */
const CONNECTIONS_MAX = 16;
const OCCUPIED = "another node is with it";
/** For its owner alone. */
const SOCKET_MODE = 0o600;

export interface SignerService extends Reception {
  readonly path: string;
}

/** Serves a signer on a socket of the file system, to one node at a time. Rejects with `Refused` where that cannot be. */
export async function serveSigner(service: SignerService): Promise<{ close(): Promise<void> }> {
  const { path } = service;
  checkFolder(dirname(path));
  await freePath(path);
  let present: Socket | undefined;
  let next: Socket | undefined;
  const all = new Set<Socket>();
  const admit = (socket: Socket): void => {
    present = socket;
    socket.once("close", () => {
      present = undefined;
      service.log.info("node gone");
      const waiting = next;
      next = undefined;
      if (waiting !== undefined) admit(waiting);
    });
    new Visit(socket, service);
  };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    all.add(socket);
    socket.once("close", () => {
      all.delete(socket);
      if (next === socket) next = undefined;
    });
    if (present === undefined) return admit(socket);
    if (next !== undefined) return turnAway(socket, OCCUPIED);
    // It may be the same node again, of whose end nothing has been heard yet.
    next = socket;
    setTimeout(() => {
      if (next !== socket) return;
      next = undefined;
      turnAway(socket, OCCUPIED);
    }, HANDOVER_MS);
  });
  server.maxConnections = CONNECTIONS_MAX;
  // Between the making of the file and its mode nobody else may come in.
  const before = process.umask(0o177);
  try {
    await listening(server, path);
  } finally {
    process.umask(before);
  }
  chmodSync(path, SOCKET_MODE);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        next = undefined;
        for (const socket of all) socket.destroy();
      }),
  };
}

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new Refused(`${path} is in use.`) : error),
    );
    server.listen(path, resolve);
  });

/** A socket that nobody listens on any more is left by a signer that was killed. */
async function freePath(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Refused(`${path} is there and is no socket.`);
  const isInUse = await new Promise<boolean>((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
  if (isInUse) throw new Refused(`A signer listens on ${path} already.`);
  unlinkSync(path);
}
