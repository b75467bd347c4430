import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Server } from "socket.io";
import { socketStreamLinks, streamLinksWithin } from "../../src/adapters/stream-socket.ts";

/** A site in the hands of somebody else. */
interface Site {
  readonly url: string;
  readonly io: Server;
  close(): Promise<void>;
}
async function site(): Promise<Site> {
  const http: HttpServer = createServer();
  const io = new Server(http, { transports: ["websocket"] });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { io, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close: () => io.close() };
}
const never = (): void => {};
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

describe("A link to a site", () => {
  let here: Site;
  beforeEach(async () => {
    here = await site();
  });
  afterEach(() => here.close());

  it("asks and is answered", async () => {
    here.io.of("/stream").on("connection", (socket) => {
      socket.on("stream.key", (body: unknown, ack: (answer: unknown) => void) => ack({ body }));
    });
    const link = await socketStreamLinks.open(here.url, never);
    expect(await link.request("stream.key", { slot: 1 }, 5_000)).to.deep.equal({ body: { slot: 1 } });
    link.close();
  });
  it("is none where the site hangs up before it has let us in", async () => {
    here.io.of("/stream").use((socket) => socket.conn.close());
    const opened = await socketStreamLinks.open(here.url, never).catch(said);
    expect(opened).to.equal(`cannot reach ${here.url}: transport close`);
  });
  it("is none where the site takes the connection and never lets us in", async () => {
    here.io.of("/stream").use(never);
    const opened = await streamLinksWithin(50).open(here.url, never).catch(said);
    expect(opened).to.equal(`cannot reach ${here.url}: it does not answer`);
  });
  it("ends when the site says more at once than an answer can be", async () => {
    here.io.of("/stream").on("connection", (socket) => {
      socket.on("stream.key", (_: unknown, ack: (answer: unknown) => void) => ack("x".repeat(2 ** 20)));
    });
    let lost = false;
    const link = await socketStreamLinks.open(here.url, () => {
      lost = true;
    });
    const answer = await link.request("stream.key", {}, 5_000).catch(said);
    expect([answer, lost]).to.deep.equal(["socket has been disconnected", true]);
  });
});
