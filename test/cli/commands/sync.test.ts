import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Server } from "socket.io";
import { type Canned, fakeDaemon, type How, problem, run } from "../daemon.ts";
import { info } from "../samples.ts";

const HOUR = "2026-01-02T03:04:05.000Z";
const infoAt = (phase: string, done: number, total = 3000): Canned => ({
  body: { ...info, synced: phase === "synced", syncState: { phase, done, total } },
});
const progress = (done: number) => ({
  id: null,
  type: "node.sync_progress",
  createdAt: HOUR,
  seq: 1,
  data: { stage: "blocks", done, total: 3000 },
});

/** Runs `chain sync` against a daemon that answers these one by one, and tells these events to whoever follows. */
async function ran(states: readonly Canned[], heights: readonly number[], how: How = {}) {
  const left = [...states];
  const server = createServer((_, response) => {
    const { status = 200, body } = (left.length > 1 ? left.shift() : left[0]) as Canned;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const io = new Server(server, { transports: ["websocket"] });
  const subscribed: unknown[] = [];
  io.of("/events").on("connection", (socket) =>
    socket.on("subscribe", (body: unknown, ack: (answer: object) => void) => {
      subscribed.push(body);
      ack({ cursor: 0 });
      for (const height of heights) socket.emit("event", progress(height));
      if (heights.length > 0) socket.emit("event", { ...progress(0), type: "node.synced", data: { height: 3000 } });
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const daemon = await fakeDaemon();
  const options = ["--url", `http://127.0.0.1:${port}`, "--token-file", `${daemon.datadir}/admin.token`];
  const ended = await run(["chain", "sync", ...options], how);
  await Promise.all([io.close(), daemon.close()]);
  return { ...ended, subscribed };
}
const lines = (out: string): readonly unknown[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);

describe("chain sync", () => {
  it("ends at once when the node is in step", async () => {
    const { out, exit } = await ran([infoAt("synced", 3000)], []);
    expect([lines(out), exit]).to.deep.equal([[{ stage: "synced", done: 3000, total: 3000 }], 0]);
  });
  it("draws one line for people as the events come, and leaves it in order when the node is in step", async () => {
    const states = [infoAt("blocks", 0), infoAt("synced", 3000)];
    const { out, exit, subscribed } = await ran(states, [600, 1500], { terminal: true });
    expect([exit, subscribed]).to.deep.equal([0, [{ types: ["node.sync_progress", "node.synced"] }]]);
    const drawn = out.split("\r\u001b[K").map((text) => text.replace(/ · eta .*/, ""));
    expect(drawn).to.deep.equal([
      "",
      "blocks   ░░░░░░░░░░░░░░░░░░░░  0/3,000 · 0 %",
      "blocks   ████░░░░░░░░░░░░░░░░  600/3,000 · 20 %",
      "blocks   ██████████░░░░░░░░░░  1,500/3,000 · 50 %",
      "in step with the chain at height 3,000\n",
    ]);
  });
  it("tells programs no more than what comes first and the end, within five seconds", async () => {
    const { out } = await ran([infoAt("blocks", 0), infoAt("synced", 3000)], [600, 1500]);
    expect(lines(out)).to.deep.equal([
      { stage: "blocks", done: 0, total: 3000 },
      { stage: "synced", done: 3000, total: 3000 },
    ]);
  });
  it("ends on Ctrl-C with 7 and the cursor on a line of its own", async () => {
    const interrupted = new AbortController();
    const { out, err, exit } = await ran([infoAt("headers", 812_400, 921_003)], [], {
      terminal: true,
      columns: 40,
      interruption: () => interrupted.signal,
      onOut: (text) => text.includes("headers") && interrupted.abort(),
    });
    expect(out).to.equal("\r\u001b[Kheaders  █████████████████░░░  812,400/\n");
    expect([err.includes("still catching up"), exit]).to.deep.equal([true, 7]);
  });
  it("ends with 3 when the daemon is not there, and with 4 when it may not be asked", async () => {
    expect((await run(["chain", "sync", "--url", "http://127.0.0.1:9"])).exit).to.equal(3);
    expect((await ran([problem(401, "UNAUTHORIZED", "No.")], [])).exit).to.equal(4);
  });
});
