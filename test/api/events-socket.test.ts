import { expect } from "chai";
import type { Socket } from "socket.io-client";
import { present } from "../../src/base/result.ts";
import { AT, AT_TEXT, fakeNode } from "./fake-node.ts";
import { closeAll, type World, world } from "./fixture.ts";
import { closeSockets, dial, gone, outcome } from "./sockets.ts";

interface Heard {
  readonly seq: number;
  readonly type: string;
}
/** A socket of the admin's, what it has heard so far, and a way to wait until it has heard so many. */
async function listener(here: World, token = here.admin) {
  const socket = dial(here.api, "/events", { auth: { token } });
  const heard: Heard[] = [];
  let wake = (): void => {};
  socket.on("event", (event: Heard) => {
    heard.push(event);
    wake();
  });
  expect(await outcome(socket)).to.equal("connected");
  return {
    socket,
    heard,
    seqs: () => heard.map(({ seq }) => seq),
    until: (count: number) =>
      new Promise<void>((resolve) => {
        wake = () => {
          if (heard.length >= count) resolve();
        };
        wake();
      }),
  };
}
const subscribe = (socket: Socket, body: unknown): Promise<unknown> =>
  socket.timeout(5_000).emitWithAck("subscribe", body);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("/events", () => {
  afterEach(async () => {
    closeSockets();
    await closeAll();
  });

  it("refuses who has no token, a wrong one or one that may not read events", async () => {
    const here = await world();
    const unauthorized = { message: "UNAUTHORIZED", code: "UNAUTHORIZED" };
    for (const token of [undefined, "", "slc_abcdef_x", { length: 5 }, [here.admin]]) {
      expect(await outcome(dial(here.api, "/events", { auth: { token } })), String(token)).to.deep.equal(unauthorized);
    }
    const restricted = { message: "RESTRICTED", code: "RESTRICTED" };
    const token = here.token("invoices:read");
    expect(await outcome(dial(here.api, "/events", { auth: { token } }))).to.deep.equal(restricted);
  });
  it("refuses before the upgrade: a token in the URL, a foreign Host or page, polling; and unknown namespaces after it", async () => {
    const here = await world();
    const auth = { token: here.admin };
    const tries = [
      { query: { token: here.admin } },
      { auth, headers: { origin: "https://evil.example" } },
      { auth, headers: { origin: "null" } },
      { auth, headers: { host: "evil.example" } },
    ];
    for (const dialling of tries) {
      const result = await outcome(dial(here.api, "/events", dialling));
      expect(result, JSON.stringify(dialling)).to.deep.equal({ message: "websocket error", code: undefined });
    }
    const polling = await outcome(dial(here.api, "/events", { auth, polling: true }));
    expect(polling).to.deep.equal({ message: "xhr poll error", code: undefined });
    expect(await outcome(dial(here.api, "/", { auth }))).to.have.property("message", "NOT_FOUND");
    expect(await outcome(dial(here.api, "/stream"))).to.have.property("message", "Invalid namespace");
  });
  it("acks where it begins and sends each event from there once, in order: first the log, then what happens", async () => {
    const here = await world();
    for (let i = 1; i <= 300; i++) here.node.record("invoice.created", { amountMsat: "1" });
    const { socket, heard, seqs, until } = await listener(here);
    expect(await subscribe(socket, { types: ["*"], after: 2 })).to.deep.equal({ cursor: 2 });
    for (let i = 301; i <= 400; i++) here.node.record("invoice.settled");
    await until(398);
    expect(seqs()).to.deep.equal(numbers(3, 400));
    expect(heard[0]).to.deep.equal({
      id: "evt_3",
      type: "invoice.created",
      createdAt: AT_TEXT,
      seq: 3,
      data: { amountMsat: "1" },
    });
  });
  it("has no gap and no double while events arrive during the replay, wherever it is taken up again", async () => {
    const here = await world();
    const stop = new AbortController();
    const writing = (async () => {
      for (let i = 0; i < 3_000 && !stop.signal.aborted; i++) {
        here.node.record("payment.started");
        if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    let seen = 0;
    for (let life = 0; life < 5; life++) {
      const { socket, seqs, until } = await listener(here);
      await subscribe(socket, { types: ["payment.*"], after: seen });
      await until(100 + 50 * life);
      socket.disconnect();
      const last = present(seqs().at(-1), "events were heard");
      expect(seqs()).to.deep.equal(numbers(seen + 1, last));
      seen = last;
    }
    stop.abort();
    await writing;
  });
  it("begins with what comes next when no cursor is given, or one from the future", async () => {
    const here = await world();
    here.node.record("node.synced");
    const { socket, seqs, until } = await listener(here);
    expect(await subscribe(socket, { types: ["*"] })).to.deep.equal({ cursor: 1 });
    expect(await subscribe(socket, { types: ["*"], after: 99 })).to.deep.equal({ cursor: 1 });
    here.node.record("node.synced");
    await until(1);
    expect(seqs()).to.deep.equal([2]);
  });
  it("never tells of what is written but not yet durable", async () => {
    const here = await world();
    here.node.record("node.synced");
    const { socket, seqs, until } = await listener(here);
    const written = here.node.write("payment.succeeded");
    expect(await subscribe(socket, { types: ["*"], after: 0 })).to.deep.equal({ cursor: 0 });
    await until(1);
    expect(await subscribe(socket, { types: ["*"], after: 1 })).to.deep.equal({ cursor: 1 });
    expect(seqs()).to.deep.equal([1]);
    here.node.tell(written);
    await until(2);
    expect(seqs()).to.deep.equal([1, 2]);
  });
  it("passes on what is told once and kept nowhere, to those who have heard all before it", async () => {
    const here = await world();
    here.node.record("node.synced");
    const { socket, heard, seqs, until } = await listener(here);
    here.node.pass("stream.tick");
    await subscribe(socket, { types: ["stream.*", "node.synced"] });
    here.node.pass("payment.noted");
    here.node.pass("stream.tick");
    here.node.record("node.synced");
    await until(2);
    expect(seqs()).to.deep.equal([1, 2]);
    expect(heard[0]).to.deep.equal({ id: null, type: "stream.tick", createdAt: AT_TEXT, seq: 1, data: {} });
    const shop = await listener(here, here.token("events:read", "invoices:read"));
    await subscribe(shop.socket, { types: ["*"], after: 0 });
    here.node.pass("stream.tick");
    here.node.record("invoice.created");
    await shop.until(1);
    expect(shop.heard.map(({ type }) => type)).to.deep.equal(["invoice.created"]);
  });
  it("sends the types asked for, and of those what the token may see", async () => {
    const here = await world();
    const types = ["invoice.created", "invoice.settled", "payment.failed", "node.synced", "invoice.expired"];
    for (const type of types) here.node.record(type);
    const all = await listener(here);
    await subscribe(all.socket, { types: ["invoice.settled", "payment.*"], after: 0 });
    await all.until(2);
    expect(all.seqs()).to.deep.equal([2, 3]);
    const shop = await listener(here, here.token("events:read", "invoices:read"));
    await subscribe(shop.socket, { types: ["*"], after: 0 });
    await shop.until(3);
    expect(shop.seqs()).to.deep.equal([1, 2, 5]);
  });
  it("names what is malformed in a subscription", async () => {
    const here = await world();
    const { socket } = await listener(here);
    const bad: readonly (readonly [unknown, string])[] = [
      [{ types: ["invoice"] }, "/types/0"],
      [{ types: [] }, "/types"],
      [{ types: Array(33).fill("*") }, "/types"],
      [{ types: ["*"], after: -1 }, "/after"],
      [{ types: ["*"], after: 1.5 }, "/after"],
      [{ types: ["*"], since: 1 }, "/since"],
      ["*", ""],
    ];
    for (const [body, pointer] of bad) {
      const { error } = (await subscribe(socket, body)) as { readonly error: { readonly errors: readonly object[] } };
      expect(error.errors[0], JSON.stringify(body)).to.include({ pointer });
    }
  });
  it("ends within a second of the token's revocation, and no other token's", async () => {
    const here = await world();
    const other = await listener(here, here.token("events:read", "info:read"));
    const { socket } = await listener(here);
    await subscribe(other.socket, { types: ["*"] });
    const ended = gone(socket);
    const [document] = here.tokens.documents;
    await here.tokens.put({ ...present(document, "the admin's"), revokedAt: AT });
    here.clock.advance(1_000);
    expect(await ended).to.match(/^(?:io server disconnect|transport close)$/);
    here.node.record("node.synced");
    await other.until(1);
    expect(other.seqs()).to.deep.equal([1]);
  });
  it("cuts who sends more than a message may hold", async () => {
    const here = await world();
    const { socket } = await listener(here);
    const ended = gone(socket);
    socket.emit("subscribe", { types: ["x".repeat(70_000)] });
    expect(await ended).to.equal("transport close");
  });
  it("closes with the server", async () => {
    const here = await world(fakeNode());
    const { socket } = await listener(here);
    const ended = gone(socket);
    await here.api.close();
    expect(await ended).to.match(/transport close|io server disconnect/);
  });
  it("finds a place for an operator whoever else has come, at the expense of who has been there longest", async () => {
    const site = { request: async () => "fine", closed: () => {} };
    const here = await world(fakeNode(), { streamSite: site, socketsMax: 4 });
    const first = await listener(here);
    const viewers: Socket[] = [];
    for (let i = 0; i < 3; i++) {
      const viewer = dial(here.api, "/stream");
      expect(await outcome(viewer)).to.equal("connected");
      viewers.push(viewer);
    }
    const left = Promise.all(viewers.slice(0, 2).map(gone));
    const second = await listener(here);
    const another = dial(here.api, "/stream");
    expect(await outcome(another)).to.equal("connected");
    await left;
    const here4 = [first.socket, second.socket, another, ...viewers].map(({ connected }) => connected);
    expect(here4).to.deep.equal([true, true, true, false, false, true]);
  });
  it("lets nobody in where there are operators alone", async () => {
    const here = await world(fakeNode(), { socketsMax: 1 });
    await listener(here);
    expect(await outcome(dial(here.api, "/events", { auth: { token: here.admin } }))).to.deep.include({
      message: "websocket error",
    });
  });
});
