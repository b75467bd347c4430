import { expect } from "chai";
import { systemRandom } from "../../src/adapters/system.ts";
import { present } from "../../src/base/result.ts";
import { NODE } from "./fake-node.ts";
import { type Asking, closeAll, type Reply, type World, world } from "./fixture.ts";
import { closeSockets, dial, gone, outcome } from "./sockets.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const COOKIE = `sluice_${NODE.slice(2, 18)}`;
/** What a browser adds to a request of a page of ours. */
const own = { "sec-fetch-site": "same-origin" };
const LOOK = "GET /v1/subscriptions";
const REFUSED = { status: 401, code: "UNAUTHORIZED" };
const outcomeOf = ({ status, json }: Reply) => ({ status, code: json["code"] });

async function linkOf(here: World, token = here.admin): Promise<string> {
  const made = await here.ask("POST /v1/login-links", { token });
  expect(made.status).to.equal(201);
  return String(made.json["code"]);
}
const use = (here: World, code: string, headers: Asking["headers"] = {}): Promise<Reply> =>
  here.ask("POST /v1/logins", { body: { code }, headers });
const cookieOf = ({ headers }: Reply): string =>
  present(headers["set-cookie"]?.[0]?.split(";")[0], "a login sets a cookie");
/** The cookie of a browser that has logged in. */
const loggedIn = async (here: World, token?: string): Promise<string> =>
  cookieOf(await use(here, await linkOf(here, token)));

describe("a link", () => {
  afterEach(closeAll);

  it("lets in the first that shows its code, by a cookie that scripts and other sites do not get", async () => {
    const here = await world();
    const code = await linkOf(here);
    expect(code).to.match(/^lgn_[\w-]{43}$/);
    const first = await use(here, code);
    expect(first.status).to.equal(201);
    expect(first.headers["set-cookie"]).to.have.length(1);
    expect(first.headers["set-cookie"]?.[0]).to.match(
      new RegExp(`^${COOKIE}=[\\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`),
    );
    expect(first.json["scopes"]).to.deep.equal([
      "chain:read",
      "graph:read",
      "streams:read",
      "subscriptions:read",
      "subscriptions:write",
      "events:read",
    ]);
    const second = await use(here, code);
    expect([outcomeOf(second), second.headers["set-cookie"]]).to.deep.equal([REFUSED, undefined]);
  });
  it("is good for five minutes", async () => {
    const here = await world();
    const [early, late] = [await linkOf(here), await linkOf(here)];
    here.clock.advance(5 * MINUTE_MS - 1);
    expect((await use(here, early)).status).to.equal(201);
    here.clock.advance(1);
    expect(outcomeOf(await use(here, late))).to.deep.equal(REFUSED);
  });
  it("is refused in the same words whether used, old or never made", async () => {
    const here = await world();
    const used = await linkOf(here);
    await use(here, used);
    const details = [await use(here, used), await use(here, `lgn_${"A".repeat(43)}`)].map(({ json }) => json["detail"]);
    expect(new Set(details)).to.deep.equal(new Set(["This link was used before, is too old, or was never made."]));
    expect((await use(here, "slc_1")).status).to.equal(400);
  });
  it("is made by tokens with node:write, and by no page", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    const asked = await here.ask("POST /v1/login-links", { headers: { cookie, ...own } });
    expect(outcomeOf(asked)).to.deep.equal({ status: 403, code: "RESTRICTED" });
    const shop = here.token("invoices:write");
    expect((await here.ask("POST /v1/login-links", { token: shop })).status).to.equal(403);
    expect(outcomeOf(await here.ask("POST /v1/login-links"))).to.deep.equal(REFUSED);
  });
  it("gives no right that its maker lacks", async () => {
    const here = await world();
    const cookie = await loggedIn(here, here.token("node:write", "subscriptions:read", "wallet:write"));
    expect((await here.ask(LOOK, { headers: { cookie, ...own } })).status).to.equal(200);
    const pay = await here.ask("GET /v1/subscriptions/ses_1/keys/3", { headers: { cookie, ...own } });
    expect([outcomeOf(pay), here.node.calls]).to.deep.equal([{ status: 403, code: "RESTRICTED" }, []]);
  });
  it("leaves no code in the store when it is asked for under an idempotency key", async () => {
    const here = await world();
    const headers = { "idempotency-key": "again" };
    const [one, two] = [1, 2].map(() => here.ask("POST /v1/login-links", { token: here.admin, headers }));
    expect((await one)?.json["code"]).not.to.equal((await two)?.json["code"]);
    expect(here.store.keys()).to.deep.equal([]);
  });
  it("is forgotten when 32 newer ones wait", async () => {
    const here = await world(undefined, { random: systemRandom });
    const codes: string[] = [];
    for (let i = 0; i < 33; i++) codes.push(await linkOf(here));
    expect((await use(here, present(codes[0], "33 codes"))).status).to.equal(401);
    expect((await use(here, present(codes[1], "33 codes"))).status).to.equal(201);
  });
});

describe("a login", () => {
  afterEach(() => {
    closeSockets();
    return closeAll();
  });

  it("counts when the browser says that a page of this API asks, in Sec-Fetch-Site or in Origin", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    for (const said of [own, { origin: here.api.url }, { ...own, origin: here.api.url }]) {
      expect((await here.ask(LOOK, { headers: { cookie, ...said } })).status, JSON.stringify(said)).to.equal(200);
    }
    const many = `a=b; ${cookie}; ${COOKIE}x=1`;
    expect((await here.ask(LOOK, { headers: { cookie: many, ...own } })).status).to.equal(200);
  });
  it("does not count for an image on another port, a typed address, another site or who says nothing", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    for (const site of ["same-site", "none", "cross-site", ""]) {
      const reply = await here.ask("GET /v1/subscriptions/ses_1/keys/3", {
        headers: { cookie, "sec-fetch-site": site },
      });
      expect(outcomeOf(reply), site).to.deep.equal(REFUSED);
    }
    expect(outcomeOf(await here.ask(LOOK, { headers: { cookie } }))).to.deep.equal(REFUSED);
    expect(here.node.calls).to.deep.equal([]);
  });
  it("does not help a page of another origin, or a name made to point at this machine", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    const body = { site: "http://127.0.0.1:9739", stream: "str_1", budgetMsat: "1", maxUnpaidMsat: "1" };
    for (const said of [
      { origin: "https://evil.example" },
      { origin: "http://127.0.0.1:1" },
      { origin: "null" },
      { host: "evil.example", origin: "http://evil.example", ...own },
    ]) {
      const reply = await here.ask("POST /v1/subscriptions", { body, headers: { cookie, ...said } });
      expect(outcomeOf(reply), JSON.stringify(said)).to.deep.equal({ status: 403, code: "RESTRICTED" });
      const stolen = await use(here, await linkOf(here), said);
      expect([outcomeOf(stolen), stolen.headers["set-cookie"]]).to.deep.equal([
        { status: 403, code: "RESTRICTED" },
        undefined,
      ]);
    }
    expect(here.node.calls).to.deep.equal([]);
  });
  it("gives way to a token: a wrong one is not made good by a cookie", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    expect((await here.ask(LOOK, { token: "slc_no", headers: { cookie, ...own } })).status).to.equal(401);
  });
  it("may watch and pay for streams, and nothing else", async () => {
    const here = await world();
    const headers = { cookie: await loggedIn(here), ...own };
    for (const allowed of [LOOK, "GET /v1/subscriptions/ses_1/keys/3", "GET /v1/events", "GET /v1/streams"]) {
      expect((await here.ask(allowed, { headers })).status, allowed).to.equal(200);
    }
    for (const refused of [
      "GET /v1/balance",
      "GET /v1/channels",
      "POST /v1/payments",
      "POST /v1/wallet/sends",
      "POST /v1/streams",
      "POST /v1/shutdown",
    ]) {
      expect((await here.ask(refused, { headers })).status, refused).to.equal(403);
    }
  });
  it("lasts twelve hours, ends when it says so, and is known to no other daemon", async () => {
    const [here, other] = [await world(), await world()];
    const cookie = await loggedIn(here);
    expect((await other.ask(LOOK, { headers: { cookie, ...own } })).status).to.equal(401);
    here.clock.advance(12 * HOUR_MS - 1);
    expect((await here.ask(LOOK, { headers: { cookie, ...own } })).status).to.equal(200);
    here.clock.advance(1);
    expect((await here.ask(LOOK, { headers: { cookie, ...own } })).status).to.equal(401);
    const second = await loggedIn(here);
    const ended = await here.ask("DELETE /v1/logins/current", { headers: { cookie: second, ...own } });
    expect([ended.status, ended.headers["set-cookie"]]).to.deep.equal([
      204,
      [`${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`],
    ]);
    expect((await here.ask(LOOK, { headers: { cookie: second, ...own } })).status).to.equal(401);
    const byToken = await here.ask("DELETE /v1/logins/current", { token: here.admin });
    expect([byToken.status, (await here.ask(LOOK, { token: here.admin })).status]).to.deep.equal([204, 200]);
  });
  it("is one of 32: the oldest goes", async () => {
    const here = await world(undefined, { random: systemRandom });
    const cookies: string[] = [];
    for (let i = 0; i < 33; i++) cookies.push(await loggedIn(here));
    const statuses = await Promise.all(
      cookies.map(async (cookie) => (await here.ask(LOOK, { headers: { cookie, ...own } })).status),
    );
    expect(statuses).to.deep.equal([401, ...Array<number>(32).fill(200)]);
  });
  it("opens /events to a page of this API until it ends, and to nobody without it", async () => {
    const here = await world();
    const cookie = await loggedIn(here);
    const origin = here.api.url;
    const refused = { message: "UNAUTHORIZED", code: "UNAUTHORIZED" };
    expect(await outcome(dial(here.api, "/events", { headers: { origin } }))).to.deep.equal(refused);
    expect(await outcome(dial(here.api, "/events", { headers: { cookie } }))).to.deep.equal(refused);
    const elsewhere = { cookie, origin: "http://127.0.0.1:1" };
    expect(await outcome(dial(here.api, "/events", { headers: elsewhere }))).to.have.property(
      "message",
      "websocket error",
    );
    const socket = dial(here.api, "/events", { headers: { cookie, origin } });
    expect(await outcome(socket)).to.equal("connected");
    const ended = gone(socket);
    await here.ask("DELETE /v1/logins/current", { headers: { cookie, ...own } });
    here.clock.advance(1_000);
    expect(await ended).to.match(/^(?:io server disconnect|transport close)$/);
  });
});

describe("what a film costs", () => {
  afterEach(closeAll);

  it("is told to pages of every origin, under a Host that is served here", async () => {
    const here = await world();
    const reply = await here.ask("GET /s/str_1", { headers: { origin: "http://127.0.0.1:1" } });
    expect([reply.status, reply.headers["access-control-allow-origin"]]).to.deep.equal([200, "*"]);
    expect(reply.headers["access-control-allow-credentials"]).to.equal(undefined);
    expect((await here.ask("GET /s/str_2")).status).to.equal(404);
    expect((await here.ask("POST /s/str_1", { token: here.admin })).status).to.equal(405);
    expect((await here.ask("GET /s/str_1", { headers: { host: "evil.example" } })).status).to.equal(403);
  });
});
