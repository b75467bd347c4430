import { expect } from "chai";
import type { StreamSite } from "../../src/api/socket.ts";
import { fakeNode } from "./fake-node.ts";
import { closeAll, type World, world } from "./fixture.ts";
import { closeSockets, dial, gone, outcome } from "./sockets.ts";

interface RecordedSite extends StreamSite {
  readonly asked: (readonly [string, string, unknown])[];
  readonly ended: string[];
}
function siteThat(answer: (name: string, body: unknown) => Promise<unknown>): RecordedSite {
  const asked: (readonly [string, string, unknown])[] = [];
  const ended: string[] = [];
  return {
    asked,
    ended,
    request(connection, name, body) {
      asked.push([connection, name, body]);
      return answer(name, body);
    },
    closed: (connection) => void ended.push(connection),
  };
}
const echo = () => siteThat(async (name, body) => ({ name, body }));
async function viewer(here: World) {
  const socket = dial(here.api, "/stream");
  expect(await outcome(socket)).to.equal("connected");
  return socket;
}
/** From now on it reads nothing that comes. */
function deafen(socket: Awaited<ReturnType<typeof viewer>>): void {
  const { ws } = socket.io.engine.transport as unknown as { readonly ws: { pause(): void } };
  ws.pause();
}
const error = (answer: unknown): unknown => (answer as { readonly error?: { readonly code: string } }).error?.code;

describe("/stream", () => {
  afterEach(async () => {
    closeSockets();
    await closeAll();
  });

  it("needs no token, hands each request to the site and acks with its answer", async () => {
    const site = echo();
    const here = await world(fakeNode(), { streamSite: site });
    const socket = await viewer(here);
    const body = { session: "ses_1", units: [1, 2], nested: { amountMsat: "1000" } };
    expect(await socket.timeout(5_000).emitWithAck("stream.offer", body)).to.deep.equal({ name: "stream.offer", body });
    expect(site.asked).to.deep.equal([[socket.id, "stream.offer", body]]);
  });
  it("tells the site once when a connection is gone", async () => {
    const site = echo();
    let told = (): void => {};
    const telling = new Promise<void>((resolve) => {
      told = resolve;
    });
    const closed = (connection: string): void => {
      site.closed(connection);
      told();
    };
    const here = await world(fakeNode(), { streamSite: { ...site, closed } });
    const socket = await viewer(here);
    const { id } = socket;
    socket.disconnect();
    await telling;
    expect(site.ended).to.deep.equal([id]);
  });
  it("keeps nothing of a viewer who comes and goes, over one connection too", async () => {
    const site = echo();
    const here = await world(fakeNode(), { streamSite: site });
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", note);
    const socket = await viewer(here);
    const { engine } = socket.io as unknown as { readonly engine: { write(packet: string): void } };
    for (let times = 1; times <= 20; times++) {
      engine.write("1/stream,");
      while (site.ended.length < times) await new Promise((resolve) => setImmediate(resolve));
      const back = new Promise<void>((resolve) => socket.io.once("packet" as never, () => resolve()));
      engine.write("0/stream,");
      await back;
    }
    process.off("warning", note);
    expect(warnings).to.deep.equal([]);
  });
  it("refuses what is no request without asking the site", async () => {
    const site = echo();
    const here = await world(fakeNode(), { streamSite: site });
    const socket = await viewer(here);
    const ask = async (name: string, ...args: unknown[]) =>
      error(await socket.timeout(5_000).emitWithAck(name, ...args));
    expect(await ask("stream.offer")).to.equal("BAD_REQUEST");
    expect(await ask("stream.offer", {}, {})).to.equal("BAD_REQUEST");
    expect(await ask("../offer", {})).to.equal("BAD_REQUEST");
    expect(await ask("stream.offer", Buffer.from("binary"))).to.equal("BAD_REQUEST");
    expect(await ask("stream.offer", JSON.parse("[".repeat(40) + "]".repeat(40)))).to.equal("BAD_REQUEST");
    expect(await ask("stream.offer", JSON.parse('{"__proto__":{"x":1}}'))).to.equal("BAD_REQUEST");
    socket.emit("stream.offer", { noAck: true });
    expect(await ask("stream.offer", {})).to.equal(undefined);
    expect(site.asked.map(([, , body]) => body)).to.deep.equal([{}]);
  });
  it("answers in one word when the site breaks, logs why, and goes on", async () => {
    const site = siteThat(async (name) => {
      if (name === "stream.break") throw new Error("secret reason");
      return "fine";
    });
    const here = await world(fakeNode(), { streamSite: site });
    const socket = await viewer(here);
    const broken: unknown = await socket.timeout(5_000).emitWithAck("stream.break", {});
    expect(broken).to.deep.equal({ error: { code: "INTERNAL", detail: "Something went wrong here." } });
    expect(here.logged.map(([event]) => event)).to.deep.equal(["api.stream_request_failed"]);
    expect(await socket.timeout(5_000).emitWithAck("stream.offer", {})).to.equal("fine");
  });
  it("takes 400 requests at once and 200 a second", async () => {
    const here = await world(fakeNode(), { streamSite: echo() });
    const socket = await viewer(here);
    const ask = () => socket.timeout(5_000).emitWithAck("stream.offer", {}) as Promise<unknown>;
    const served = async (count: number): Promise<number> => {
      const answers: unknown[] = [];
      for (let i = 0; i < count; i++) answers.push(await ask());
      return answers.filter((answer) => error(answer) === undefined).length;
    };
    expect(await served(410)).to.equal(400);
    here.clock.advance(100);
    expect(await served(30)).to.equal(20);
  });
  it("keeps at most 64 requests unanswered", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const site = siteThat(async () => {
      await held;
      return "served";
    });
    const here = await world(fakeNode(), { streamSite: site });
    const socket = await viewer(here);
    const answers = Array.from({ length: 70 }, () => socket.timeout(5_000).emitWithAck("stream.offer", {}));
    expect(error(await answers[69])).to.equal("RATE_LIMITED");
    release();
    const codes = (await Promise.all(answers)).map(error);
    expect([codes.filter((code) => code === undefined).length, site.asked.length]).to.deep.equal([64, 64]);
  });
  it("leaves the node time between the requests of many viewers", async () => {
    const site = echo();
    let now = 0;
    let most = 0;
    const turnOver = (): void => {
      most = Math.max(most, now);
      now = 0;
    };
    const request: StreamSite["request"] = (...asked) => {
      if (now === 0) setImmediate(turnOver);
      now += 1;
      return site.request(...asked);
    };
    const here = await world(fakeNode(), { streamSite: { ...site, request } });
    const viewers = await Promise.all(Array.from({ length: 40 }, () => viewer(here)));
    const asked = viewers.flatMap((each) =>
      Array.from({ length: 10 }, () => each.timeout(5_000).emitWithAck("stream.offer", {})),
    );
    await Promise.all(asked);
    expect([site.asked.length, most]).to.deep.equal([400, 16]);
  });
  it("cuts who does not slow down or sends more than a message may hold", async () => {
    const here = await world(fakeNode(), { streamSite: echo() });
    const flooding = await viewer(here);
    const cut = gone(flooding);
    for (let i = 0; i < 401; i++) flooding.emit("stream.offer", {});
    expect(await cut).to.match(/io server disconnect|transport close/);
    const large = await viewer(here);
    const tooLarge = gone(large);
    large.emit("stream.offer", "x".repeat(70_000), () => {});
    expect(await tooLarge).to.equal("transport close");
  });
  it("keeps at most 64 answers for who does not read, cuts who goes on, and waits for nobody at the end", async () => {
    let isOver = false;
    let cut = (): void => {};
    const end = new Promise<void>((resolve) => {
      cut = resolve;
    });
    const site = siteThat(async () => "x".repeat(200_000));
    const here = await world(fakeNode(), { streamSite: { ...site, closed: () => cut() } });
    const deaf = await viewer(here);
    deafen(deaf);
    const knock = (): void => {
      deaf.emit("stream.offer", {}, () => {});
      if (!isOver) setImmediate(knock);
    };
    knock();
    await end;
    isOver = true;
    // Some have left for the buffers of the machine.
    expect(site.asked.length).to.be.below(200);
    const closed = here.api.close();
    here.clock.advance(2_000);
    await closed;
  });
});
