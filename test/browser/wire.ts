import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** The way to a server, for as long as nobody cuts it. */
export interface Wire {
  readonly url: string;
  /** Ends every connection, and each new one at once, until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** A port of the loopback that leads to the server at `target`. */
export async function wireTo(target: string): Promise<Wire> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer({ noDelay: true }, (near) => {
    near.on("error", () => undefined);
    if (!whole) return void near.destroy();
    const far = connect({ host: "127.0.0.1", port: Number(new URL(target).port), noDelay: true });
    far.on("error", () => undefined);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(end);
      end.on("close", () => {
        sockets.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend() {
      whole = true;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
