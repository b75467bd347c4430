import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Server } from "socket.io";
import type { NodeEvent } from "../../../src/cli/answers.ts";
import { fakeDaemon, run } from "../daemon.ts";

const hashOf = (height: number): string => height.toString(16).padStart(64, "0");
const blockJson = (height: number) => ({
  hash: hashOf(height),
  height,
  time: "2026-01-02T03:04:05.000Z",
  transactions: Array.from({ length: height }, (_, at) => hashOf(at)),
  weight: height * 1000,
});
const event = (type: string, height: number): NodeEvent => ({
  id: null,
  type,
  createdAt: "2026-01-02T03:04:05.000Z",
  seq: 1,
  data: { hash: hashOf(height), height },
});

/** A daemon at height 2 that connects block 3 and takes it back. */
async function watched(terminal: boolean): Promise<{ readonly exit: number; readonly out: string }> {
  const server = createServer(({ url = "" }, response) => {
    const [, asked] = /\/v1\/chain\/blocks\/(\w+)$/.exec(url) ?? [];
    const body =
      asked === undefined ? { height: 2 } : blockJson(asked.length === 64 ? Number(`0x${asked}`) : Number(asked));
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  const io = new Server(server, { transports: ["websocket"] });
  const interrupted = new AbortController();
  io.of("/events").on("connection", (socket) =>
    socket.on("subscribe", (body: unknown, ack: (answer: object) => void) => {
      expect(body).to.deep.equal({ types: ["chain.*"] });
      ack({ cursor: 0 });
      socket.emit("event", event("chain.block_connected", 3));
      socket.emit("event", event("chain.block_disconnected", 3));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const daemon = await fakeDaemon();
  const ran = await run(["chain", "watch", "--url", url, "--token-file", `${daemon.datadir}/admin.token`], {
    terminal,
    columns: 200,
    interruption: () => interrupted.signal,
    onOut: (out) => out.split("\n").length > 5 && interrupted.abort(),
  });
  await Promise.all([io.close(), daemon.close()]);
  return ran;
}

describe("chain watch", () => {
  it("begins with the newest blocks, and tells of those that come and go, until Ctrl-C", async () => {
    const { exit, out } = await watched(true);
    expect(exit).to.equal(0);
    expect(out.split("\n")).to.deep.equal([
      `+         0  03:04:05      0 tx          weight 0  ${hashOf(0)}`,
      `+         1  03:04:05      1 tx      weight 1,000  ${hashOf(1)}`,
      `+         2  03:04:05      2 tx      weight 2,000  ${hashOf(2)}`,
      `+         3  03:04:05      3 tx      weight 3,000  ${hashOf(3)}`,
      `−         3  03:04:05      3 tx      weight 3,000  taken back: ${hashOf(3)}`,
      "",
    ]);
  });
  it("ends with 3 where there is no daemon to watch", async () => {
    const daemon = await fakeDaemon();
    await daemon.close();
    const { exit, err } = await run(["chain", "watch", "--url", daemon.url]);
    expect(exit).to.equal(3);
    expect(JSON.parse(err)).to.include({ code: "UNREACHABLE", detail: `No daemon answers at ${daemon.url}.` });
  });

  it("gives programs a line of JSON for each", async () => {
    const { out } = await watched(false);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.at(-1)).to.deep.equal({
      what: "disconnected",
      height: 3,
      hash: hashOf(3),
      time: "2026-01-02T03:04:05.000Z",
      transactions: 3,
      weight: 3000,
    });
    expect(lines).to.have.length(5);
  });
});
