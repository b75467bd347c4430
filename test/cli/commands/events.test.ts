import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Server } from "socket.io";
import type { NodeEvent } from "../../../src/cli/answers.ts";
import { fakeDaemon, page, run } from "../daemon.ts";

const event = (seq: number): NodeEvent => ({
  id: `evt_${seq}`,
  type: "invoice.settled",
  createdAt: "2026-01-02T03:04:05.000Z",
  seq,
  data: { paymentHash: "0f".repeat(32), amountMsat: "25000", lines: "a\nb" },
});

describe("events", () => {
  it("reads the log to its end, a line of JSON for each event", async () => {
    const daemon = await fakeDaemon({
      "GET /v1/events?after=3&limit=500": page([event(4)], "4"),
      "GET /v1/events?after=4&limit=500": page([event(5)]),
    });
    const { out } = await daemon.run(["events", "--after", "3"]);
    await daemon.close();
    expect(out).to.equal(`${JSON.stringify(event(4))}\n${JSON.stringify(event(5))}\n`);
  });

  it("shows an event to people on one line, whatever is in it", async () => {
    const daemon = await fakeDaemon({ "GET /v1/events?after=0&limit=500": page([event(1)]) });
    const { out } = await daemon.run(["events"], { terminal: true });
    await daemon.close();
    expect(out).to.equal(
      "    1  03:04:05  invoice.settled           paymentHash=0f0f0f0f0f0f0f0…  amountMsat=25000  lines=a?b\n",
    );
  });

  it("goes on with --follow from where the log ended, until Ctrl-C", async () => {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(page([event(7)]).body));
    });
    const io = new Server(server, { transports: ["websocket"] });
    const interrupted = new AbortController();
    const subscribed: unknown[] = [];
    io.of("/events").on("connection", (socket) =>
      socket.on("subscribe", (body: unknown, ack: (answer: object) => void) => {
        subscribed.push({ body, auth: socket.handshake.auth });
        ack({ cursor: 7 });
        socket.emit("event", event(8));
        socket.emit("event", event(9));
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const daemon = await fakeDaemon();
    const options = ["--url", url, "--token-file", `${daemon.datadir}/admin.token`];
    const { out, exit } = await run(["events", "-f", "--after", "6", ...options], {
      interruption: () => interrupted.signal,
      onOut: (out) => out.includes("evt_9") && interrupted.abort(),
    });
    await Promise.all([io.close(), daemon.close()]);
    expect(exit).to.equal(0);
    expect(
      out
        .split("\n")
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as NodeEvent).seq),
    ).to.deep.equal([7, 8, 9]);
    expect(subscribed).to.deep.equal([{ body: { types: ["*"], after: 7 }, auth: { token: "slc_test_secret" } }]);
  });

  it("says that the daemon has gone, and goes on when it is back", async () => {
    const interrupted = new AbortController();
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(page([]).body));
    });
    const io = new Server(server, { transports: ["websocket"] });
    let visits = 0;
    io.of("/events").on("connection", (socket) =>
      socket.on("subscribe", (_: unknown, ack: (answer: object) => void) => {
        ack({ cursor: 0 });
        visits++;
        if (visits === 1) socket.conn.close();
        else interrupted.abort();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const how = { interruption: () => interrupted.signal };
    const { exit, err } = await run(["events", "-f", "--url", url], how);
    await io.close();
    expect({ exit, err, visits }).to.deep.equal({
      exit: 0,
      err: "The daemon has gone: waiting until it is back.\n",
      visits: 2,
    });
  });

  it("ends with 4 when the token may not follow", async () => {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(page([]).body));
    });
    const io = new Server(server, { transports: ["websocket"] });
    io.of("/events").use((_, next) => next(new Error("UNAUTHORIZED")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { exit } = await run(["events", "-f", "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}`]);
    await io.close();
    expect(exit).to.equal(4);
  });
});
