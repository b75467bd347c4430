import { createWriteStream, type WriteStream } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

/** A wire-tap: two ends talk through it, and every byte of either is kept in a file of its own. */
export interface Tap {
  /** Where to connect instead of the target. */
  readonly port: number;
  /** Cuts every connection that runs through it; new ones may follow. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback and passes everything on to `target`. Files: `<name>-<connection>.up` and `.down`. */
export async function tap(folder: string, name: string, target: number): Promise<Tap> {
  const files: WriteStream[] = [];
  const sockets = new Set<Socket>();
  const file = (direction: "up" | "down"): WriteStream => {
    const number = String(files.length >> 1).padStart(5, "0");
    const stream = createWriteStream(join(folder, `${name}-${number}.${direction}`));
    files.push(stream);
    return stream;
  };
  const server = createServer({ noDelay: true }, (near) => {
    const [up, down] = [file("up"), file("down")];
    const far = connect({ host: "127.0.0.1", port: target, noDelay: true });
    pass(near, far, up);
    pass(far, near, down);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return { port: portOf(server), cut, close: () => closeAll(server, cut, files) };
}

function pass(from: Socket, to: Socket, file: WriteStream): void {
  from.on("data", (bytes) => {
    file.write(bytes);
    if (!to.write(bytes)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

async function closeAll(server: Server, cut: () => void, files: readonly WriteStream[]): Promise<void> {
  cut();
  await new Promise((resolve) => server.close(resolve));
  await Promise.all(files.map((file) => new Promise((resolve) => file.end(resolve))));
}
