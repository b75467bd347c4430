import { request } from "node:http";
import { expect } from "chai";
import { createApi } from "../../src/api/server.ts";
import { err } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import type { CommandFault } from "../../src/daemon/commands.ts";
import type { StoreRecord } from "../../src/ports/store.ts";
import { AT_TEXT, fakeNode, HASH, PAYMENT, PREIMAGE } from "./fake-node.ts";
import { closeAll, countingRandom, manualClock, mapStore, memoryTokens, world } from "./fixture.ts";

describe("lists", () => {
  afterEach(closeAll);
  const payments = Array.from({ length: 5 }, (_, i) => ({ ...PAYMENT, id: `pay_${i}` }));
  const listing = () => world(fakeNode({ payments: () => payments }));

  it("come in pages, each with the cursor of the next", async () => {
    const { ask, admin: token } = await listing();
    const seen: unknown[] = [];
    let path = "/v1/payments?limit=2";
    for (let pages = 0; pages < 3; pages++) {
      const { json } = await ask(`GET ${path}`, { token });
      seen.push([(json["data"] as { readonly id: string }[]).map(({ id }) => id), json["hasMore"], json["next"]]);
      path = `/v1/payments?limit=2&after=${json["next"]}`;
    }
    expect(seen).to.deep.equal([
      [["pay_0", "pay_1"], true, "pay_1"],
      [["pay_2", "pay_3"], true, "pay_3"],
      [["pay_4"], false, null],
    ]);
  });
  it("refuse limits and cursors that make no sense, and name them", async () => {
    const { ask, admin: token } = await listing();
    const limits = ["0", "-1", "501", "4294967295", "9223372036854775808", "1e2", "", "1&limit=2"];
    for (const query of limits.map((limit) => `limit=${limit}`)) {
      const reply = await ask(`GET /v1/payments?${query}`, { token });
      expect([reply.status, reply.json["errors"]], query).to.have.nested.property("[1][0].pointer", "/limit");
    }
    const gone = await ask("GET /v1/payments?after=pay_9", { token });
    expect(gone.json["errors"]).to.deep.equal([
      { pointer: "/after", detail: "names no item of this list", in: "query" },
    ]);
    const unknown = await ask("GET /v1/payments?a[__proto__][x]=1", { token });
    expect(unknown.json["errors"]).to.have.nested.property("[0].pointer", "/a[__proto__][x]");
  });
  it("cost nothing while they stay the same", async () => {
    let now = payments;
    const { ask, admin: token } = await world(fakeNode({ payments: () => now }));
    const first = await ask("GET /v1/payments", { token });
    const headers = { "if-none-match": `W/"x", ${first.headers.etag}` };
    const again = await ask("GET /v1/payments", { token, headers });
    expect([again.status, again.bytes.length]).to.deep.equal([304, 0]);
    now = payments.slice(1);
    expect((await ask("GET /v1/payments", { token, headers })).status).to.equal(200);
    expect((await ask("GET /v1/info", { token })).headers.etag).to.equal(undefined);
  });
});

describe("GET /v1/events", () => {
  afterEach(closeAll);
  it("reads the log from a sequence number on, without what the token may not see", async () => {
    const { ask, admin, token, node } = await world();
    node.record("invoice.created", { amountMsat: "1" });
    node.record("payment.started");
    node.record("invoice.settled");
    const page = await ask("GET /v1/events?after=1&limit=1", { token: admin });
    expect(page.json).to.deep.equal({
      data: [{ id: "evt_2", type: "payment.started", createdAt: AT_TEXT, seq: 2, data: {} }],
      hasMore: true,
      next: "2",
    });
    const shop = token("events:read", "invoices:read");
    const seqs = async (query: string): Promise<unknown> => {
      const { json } = await ask(`GET /v1/events?${query}`, { token: shop });
      return [(json["data"] as { readonly seq: number }[]).map(({ seq }) => seq), json["next"]];
    };
    expect(await seqs("limit=10")).to.deep.equal([[1, 3], null]);
    expect(await seqs("after=1&limit=1")).to.deep.equal([[], "2"]);
  });
});

describe("POST /v1/payments", () => {
  afterEach(closeAll);
  const body = { bolt11: "lnbcrt250n1pexample" };

  it("waits as long as `Prefer: wait` says and answers with the end", async () => {
    const { ask, admin: token, node } = await world();
    const reply = await ask("POST /v1/payments", { token, body, headers: { prefer: "respond-async, wait=30" } });
    expect([reply.status, reply.headers.location]).to.deep.equal([200, `/v1/payments/pay_${HASH}`]);
    expect(reply.json).to.include({
      state: "succeeded",
      feeMsat: "1002",
      preimage: PREIMAGE,
      hops: 2,
      endedAt: AT_TEXT,
    });
    expect(node.calls).to.deep.equal([
      ["pay", body],
      ["paymentEnd", `pay_${HASH}`, 30_000],
    ]);
  });
  it("waits a minute at most, and says 202 when the payment has not ended by then", async () => {
    const { ask, admin: token, node } = await world(fakeNode({ paymentEnd: async () => undefined }));
    const reply = await ask("POST /v1/payments", { token, body, headers: { prefer: "wait=9999" } });
    expect([reply.status, reply.json["state"]]).to.deep.equal([202, "pending"]);
    expect(node.calls[1]).to.deep.equal(["paymentEnd", `pay_${HASH}`, 60_000]);
  });
  it("says how a payment failed in the words of the API", async () => {
    const failure = { code: "no_route", detail: "No way." } as const;
    const failed = { ...PAYMENT, state: "failed", fee: msat(0n), failure } as const;
    const { ask, admin: token } = await world(fakeNode({ paymentEnd: async () => failed }));
    const reply = await ask("POST /v1/payments", { token, body, headers: { prefer: "wait=1" } });
    expect([reply.status, reply.json["failure"]]).to.deep.equal([200, { code: "NO_ROUTE", detail: "No way." }]);
  });
});

describe("GET /v1/subscriptions/:id/keys/:unit", () => {
  afterEach(closeAll);
  const keyAnswer = async (code: CommandFault["code"]): Promise<unknown> => {
    const { ask, admin: token } = await world(fakeNode({ segmentKey: async () => err({ code, detail: "Why." }) }));
    const { status, json } = await ask("GET /v1/subscriptions/ses_1/keys/3", { token });
    return [status, json["code"], json["reason"]];
  };
  it("gives bytes that no cache keeps", async () => {
    const { ask, admin: token } = await world();
    const { headers, bytes } = await ask("GET /v1/subscriptions/ses_1/keys/3", { token });
    expect([headers["content-type"], headers["cache-control"], bytes.length]).to.deep.equal([
      "application/octet-stream",
      "no-store",
      16,
    ]);
  });
  it("is a 402 when the unit could not be paid, with the reason", async () => {
    expect(await keyAnswer("no_route")).to.deep.equal([402, "PAYMENT_REQUIRED", "NO_ROUTE"]);
    expect(await keyAnswer("quota_exceeded")).to.deep.equal([402, "PAYMENT_REQUIRED", "QUOTA_EXCEEDED"]);
    expect(await keyAnswer("need_topup")).to.deep.equal([402, "NEED_TOPUP", undefined]);
    expect(await keyAnswer("session_closed")).to.deep.equal([409, "SESSION_CLOSED", undefined]);
    expect(await keyAnswer("not_found")).to.deep.equal([404, "NOT_FOUND", undefined]);
  });
});

describe("POST /v1/shutdown", () => {
  afterEach(closeAll);
  it("answers first and stops then", async () => {
    let stopped: () => void = () => {};
    const stopping = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const { ask, admin: token } = await world(fakeNode({ shutdown: async () => stopped() }));
    expect((await ask("POST /v1/shutdown", { token })).json).to.deep.equal({ stopping: true });
    await stopping;
  });
  it("stops also where the caller has gone before the answer", async () => {
    let stopped: () => void = () => {};
    const stopping = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const store = mapStore();
    const append = async (records: readonly StoreRecord[]): Promise<void> => {
      caller.destroy();
      // An answer says that the server has seen the other connection end.
      await ask("GET /livez");
      await store.append(records);
    };
    const node = fakeNode({ shutdown: async () => stopped() });
    const { ask, api, admin } = await world(node, { store: { ...store, append } });
    const headers = { authorization: `Bearer ${admin}`, "idempotency-key": "a" };
    const caller = request({ host: "127.0.0.1", port: api.port, path: "/v1/shutdown", method: "POST", headers });
    caller.on("error", () => {});
    caller.end();
    await stopping;
  });
});

describe("the server", () => {
  afterEach(closeAll);
  it("does not say what it is made of, and sends the headers of a careful one", async () => {
    const { ask } = await world();
    const { headers } = await ask("GET /livez");
    expect(headers).not.to.have.any.keys("x-powered-by", "server", "set-cookie", "access-control-allow-origin");
    expect(headers).to.include({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'",
      "cache-control": "no-store",
    });
  });
  it("says which port is busy instead of starting", async () => {
    const { api } = await world();
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const parts = { tokens: memoryTokens(), store: mapStore(), clock: manualClock(), random: countingRandom(), log };
    const second = await createApi({ ...parts, commands: fakeNode().commands, port: api.port });
    expect(second).to.deep.equal({
      ok: false,
      error: { code: "port_busy", detail: `Port ${api.port} of 127.0.0.1 is in use.` },
    });
  });
  it("says where it serves and closes without leaving a connection", async () => {
    const { api, ask } = await world();
    expect(api.url).to.equal(`http://127.0.0.1:${api.port}`);
    await api.close();
    expect(await ask("GET /livez").catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ECONNREFUSED");
  });
});
