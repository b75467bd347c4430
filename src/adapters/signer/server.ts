import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { decode, encode } from "../../codec/codec.ts";
import type { Log } from "../../ports/log.ts";
import type { Signer } from "../../ports/signer.ts";
import { Refused } from "../sentences.ts";
import { Answering } from "./answering.ts";
import { FrameReader, frameBytes } from "./frames.ts";
import { type Answer, answer, PROTOCOL, question } from "./questions.ts";

/** Policy, not protocol: who has not said who it is within this time is parted with. */
const HELLO_MS_MAX = 5_000;
/** Policy, not protocol: how long a node waits for the end of the one before. */
const HANDOVER_MS = 1_000;
/** Policy, not protocol: who does not read the answers to its questions is parted with. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
const OCCUPIED = "another node is with it";
/** For its owner alone. */
const SOCKET_MODE = 0o600;

export interface SignerService {
  readonly path: string;
  readonly network: string;
  /** A signer for one node, from its start to its end. */
  readonly open: () => Signer;
  readonly log: Log;
  /** What the signer remembers could not be kept: it may sign nothing any more. */
  readonly onHalt: (error: Error) => void;
}

/** Serves a signer on a socket of the file system, to one node at a time. Rejects with `Refused` where that cannot be. */
export async function serveSigner(service: SignerService): Promise<{ close(): Promise<void> }> {
  const { path } = service;
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
    serve(socket, service);
  };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    all.add(socket);
    socket.once("close", () => all.delete(socket));
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

const publicOf = ({ p2wpkh, p2tr }: Signer["accounts"]) => ({ p2wpkh, p2tr });

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

function say(socket: Socket, id: number, value: Answer): void {
  socket.write(frameBytes({ id, body: encode(answer, value) }));
  if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
}

function turnAway(socket: Socket, detail: string): void {
  say(socket, 0, { tag: "unwelcome", detail });
  // Whoever does not hang up as well would keep everybody else out.
  socket.destroySoon();
}

/** One node, from its greeting to its end. What is no question ends it: there is no honest way to get there. */
function serve(socket: Socket, { network, open, log, onHalt }: SignerService): void {
  const reader = new FrameReader();
  let answering: Answering | undefined;
  const timer = setTimeout(() => turnAway(socket, "nothing was asked"), HELLO_MS_MAX);
  socket.once("close", () => clearTimeout(timer));
  const part = (detail: string): void => {
    log.warn("node parted with", { reason: detail });
    turnAway(socket, detail);
  };
  const take = (id: number, body: Uint8Array): void => {
    const asked = decode(question, body);
    if (!asked.ok) return part(`no question: ${asked.error.message}`);
    const { value } = asked;
    if (answering === undefined) {
      if (value.tag !== "hello") return part("a node greets first");
      clearTimeout(timer);
      if (value.protocol !== PROTOCOL) return part(`this signer speaks version ${PROTOCOL}, not ${value.protocol}`);
      if (value.network !== network) return part(`this signer is for ${network}, not for ${value.network}`);
      const signer = open();
      answering = new Answering(signer);
      log.info("node here", { nodeId: signer.nodeId });
      const { nodeId, streamMaster, backupKey, hasSigned, accounts } = signer;
      say(socket, id, { tag: "hello", nodeId, streamMaster, backupKey, hasSigned, ...publicOf(accounts) });
      return;
    }
    if (value.tag === "hello") return part("a node greets once");
    if (value.tag === "mark") return answering.marked(value.mark);
    if (value.tag === "forget") return answering.forgotten(value.index);
    if (value.tag === "keep") {
      void answering.kept(value.mark).then(() => say(socket, id, { tag: "kept" }), onHalt);
      return;
    }
    say(socket, id, answering.answer(value));
  };
  socket.on("data", (bytes: Buffer) => {
    const frames = reader.read(bytes);
    if (frames === undefined) return part("no frame");
    for (const { id, body } of frames) {
      if (socket.destroyed || socket.writableEnded) return;
      try {
        take(id, body);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        log.error("a question failed", { detail });
        say(socket, id, { tag: "failed", detail });
      }
    }
  });
}
