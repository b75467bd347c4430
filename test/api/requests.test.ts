import { expect } from "chai";
import { createApi } from "../../src/api/server.ts";
import { err } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import type { CommandFault } from "../../src/daemon/commands.ts";
import { AT_TEXT, fakeNode, HASH, PAYMENT, PREIMAGE } from "./fake-node.ts";
import { closeAll, countingRandom, manualClock, mapStore, memoryTokens, world } from "./fixture.ts";

const problem = ({ requestId: _, ...rest }: Readonly<Record<string, unknown>>): unknown => rest;

describe("refusals", () => {
  afterEach(closeAll);

  it("are problem documents that name request, code and field", async () => {
    const { ask, admin } = await world();
    const headers = { "x-request-id": "shop-7" };
    const reply = await ask("POST /v1/payments", { token: admin, headers, body: { bolt11: 5 } });
    expect(reply.headers["content-type"]).to.equal("application/problem+json; charset=utf-8");
    expect(reply.headers["x-request-id"]).to.equal("shop-7");
    expect(reply.json).to.deep.equal({
      type: "urn:sluice:problem:bad-request",
      title: "Malformed request",
      status: 400,
      detail: "Some fields are missing, unknown or malformed.",
      code: "BAD_REQUEST",
      instance: "/v1/payments",
      requestId: "shop-7",
      retryable: false,
      errors: [{ pointer: "/bolt11", detail: "Invalid input: expected string, received number" }],
    });
  });
  it("give a request without a usable id one of their own", async () => {
    const { ask } = await world();
    const reply = await ask("GET /v1/nothing", { headers: { "x-request-id": "a b" } });
    expect(reply.headers["x-request-id"]).to.match(/^req_[0-9a-f]{16}$/);
    expect(reply.json["requestId"]).to.equal(reply.headers["x-request-id"]);
  });
  it("say 404 for what is not there and 405 for what is not done", async () => {
    const { ask, admin } = await world();
    const nowhere = await ask("GET /v1/nothing", { token: admin });
    expect(problem(nowhere.json)).to.deep.equal({
      type: "urn:sluice:problem:not-found",
      title: "Not found",
      status: 404,
      detail: "There is nothing here.",
      code: "NOT_FOUND",
      instance: "/v1/nothing",
      retryable: false,
    });
    const deleted = await ask("DELETE /v1/invoices", { token: admin });
    expect([deleted.status, deleted.headers["allow"]]).to.deep.equal([405, "POST, GET"]);
    for (const path of [
      `channels/${"00".repeat(32)}`,
      `invoices/${"00".repeat(32)}`,
      "streams/str_9",
      "subscriptions/ses_9",
    ]) {
      expect((await ask(`GET /v1/${path}`, { token: admin })).json["code"], path).to.equal("NOT_FOUND");
    }
  });
  it("name a path parameter that is malformed", async () => {
    const { ask, admin } = await world();
    for (const path of ["/v1/payments/x", "/v1/channels/..%2f", "/v1/subscriptions/ses_1/keys/-1"]) {
      const reply = await ask(`GET ${path}`, { token: admin });
      expect(reply.status, path).to.equal(400);
      expect(reply.json["errors"], path).to.have.nested.property("[0].in", "path");
    }
    expect((await ask("GET /v1/payments/%zz", { token: admin })).json["code"]).to.equal("BAD_REQUEST");
  });
  it("of the node keep their sentence and field and get their status from the table", async () => {
    const refusal: CommandFault = { code: "insufficient_balance", detail: "Need 5 sat.", pointer: "/amountSat" };
    const { ask, admin } = await world(fakeNode({ send: async () => err(refusal) }));
    const body = { address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", amountSat: "5" };
    expect(problem((await ask("POST /v1/wallet/sends", { token: admin, body })).json)).to.deep.equal({
      type: "urn:sluice:problem:insufficient-balance",
      title: "Insufficient balance",
      status: 409,
      detail: "Need 5 sat.",
      code: "INSUFFICIENT_BALANCE",
      instance: "/v1/wallet/sends",
      retryable: true,
      errors: [{ pointer: "/amountSat", detail: "Need 5 sat." }],
    });
  });
  it("tell nothing of what broke inside; the log has it under the request's id", async () => {
    const broken = () => {
      throw new Error("ENOENT /home/alice/.sluice/store");
    };
    const { ask, admin, logged } = await world(fakeNode({ info: broken }));
    const reply = await ask("GET /v1/info", { token: admin });
    expect([reply.status, reply.json["code"]]).to.deep.equal([500, "INTERNAL"]);
    expect(reply.bytes.toString()).not.to.match(/ENOENT|alice|at |\.ts/);
    expect(logged).to.deep.equal([
      [
        "api.request_failed",
        { requestId: reply.json["requestId"], method: "GET", cause: "Error: ENOENT /home/alice/.sluice/store" },
      ],
    ]);
    expect((await ask("GET /v1/balance", { token: admin })).status).to.equal(200);
  });
  it("say 503 and when to come back while the chain is not followed", async () => {
    const node = fakeNode();
    const { ask } = await world({
      ...node,
      commands: { ...node.commands, info: () => ({ ...node.commands.info(), synced: false }) },
    });
    const reply = await ask("GET /readyz");
    expect([reply.status, reply.headers["retry-after"], reply.json["code"]]).to.deep.equal([
      503,
      "5",
      "CHAIN_NOT_SYNCED",
    ]);
  });
  it("say 429 and when to come back after too many requests", async () => {
    const { ask } = await world(fakeNode(), { requestsPerMinute: 2 });
    const statuses = [await ask("GET /livez"), await ask("GET /livez"), await ask("GET /livez")];
    expect(statuses.map(({ status }) => status)).to.deep.equal([200, 200, 429]);
    expect([statuses[2]?.headers["retry-after"], statuses[2]?.json["code"]]).to.deep.equal(["60", "RATE_LIMITED"]);
  });
});

describe("bodies", () => {
  afterEach(closeAll);
  const hostile: readonly (readonly [string, string])[] = [
    ["__proto__", '{"text":"x","__proto__":{"polluted":1}}'],
    ["constructor.prototype", '{"text":"x","constructor":{"prototype":{"polluted":1}}}'],
    ["a key given twice", '{"text":"x","text":"y"}'],
    ["10,000 levels", `{"text":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
    ["an array", "[]"],
    ["a text", '"x"'],
    ["null", "null"],
    ["half a document", '{"text":'],
    ["1,000 unknown fields", JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i])))],
  ];
  for (const [name, raw] of hostile) {
    it(`with ${name} are refused and change nothing in the process`, async () => {
      const { ask, admin, node } = await world();
      const before = Object.getOwnPropertyNames(Object.prototype);
      const reply = await ask("POST /v1/decode", { token: admin, raw });
      expect([reply.status, reply.json["code"], node.calls]).to.deep.equal([400, "BAD_REQUEST", []]);
      expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before);
      expect(reply.bytes.length).to.be.lessThan(4_096);
    });
  }
  it("are JSON in UTF-8 and nothing else: what a form of any page could post is refused", async () => {
    const { ask, admin, node } = await world();
    const raw = '{"text":"x"}';
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/json; charset=utf-16",
    ]) {
      const reply = await ask("POST /v1/decode", { token: admin, raw, headers: { "content-type": type } });
      expect([reply.status, reply.json["code"]], type).to.deep.equal([415, "UNSUPPORTED_MEDIA_TYPE"]);
    }
    const packed = await ask("POST /v1/decode", { token: admin, raw, headers: { "content-encoding": "gzip" } });
    expect(packed.json["code"]).to.equal("UNSUPPORTED_MEDIA_TYPE");
    const notUtf8 = await ask("POST /v1/decode", { token: admin, raw: Uint8Array.of(0x22, 0xff, 0x22) });
    expect(notUtf8.json["detail"]).to.equal("The body is not UTF-8.");
    expect(
      (await ask("POST /v1/wallet/addresses", { token: admin, raw: "", headers: { "content-type": "text/plain" } }))
        .status,
    ).to.equal(415);
    expect(node.calls).to.deep.equal([]);
  });
  it("have at most 64 KiB", async () => {
    const { ask, admin } = await world();
    const text = "x".repeat(65_536);
    expect((await ask("POST /v1/decode", { token: admin, body: { text } })).json["code"]).to.equal("TOO_LARGE");
  });
});

describe("where a request comes from", () => {
  afterEach(closeAll);
  it("must be a Host that is served here, else the name of an attacker points at this machine", async () => {
    const { ask, admin, api, node } = await world();
    for (const host of [
      "evil.example",
      `evil.example:${api.port}`,
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "[::2]",
    ]) {
      const reply = await ask("POST /v1/wallet/addresses", { token: admin, headers: { host } });
      expect([reply.status, reply.json["code"]], host).to.deep.equal([403, "RESTRICTED"]);
    }
    for (const host of ["127.0.0.1", `LOCALHOST:${api.port}`, `[::1]:${api.port}`]) {
      expect((await ask("GET /v1/info", { token: admin, headers: { host } })).status, host).to.equal(200);
    }
    expect(node.calls).to.deep.equal([]);
  });
  it("must be a page of its own, one that is allowed, or no page", async () => {
    const { ask, admin, api } = await world(fakeNode(), { allowedOrigins: ["https://shop.example"] });
    const own = `http://127.0.0.1:${api.port}`;
    const statusFrom = async (origin: string): Promise<number> =>
      (await ask("GET /v1/info", { token: admin, headers: { origin } })).status;
    const foreign = [
      "null",
      "https://evil.example",
      `http://127.0.0.1:${api.port + 1}`,
      `${own}.evil.example`,
      "file://",
    ];
    for (const origin of foreign) expect(await statusFrom(origin), origin).to.equal(403);
    for (const origin of [own, "https://shop.example"]) expect(await statusFrom(origin), origin).to.equal(200);
  });
  it("may be any host name that the operator serves under", async () => {
    const { ask, admin } = await world(fakeNode(), { allowedHosts: ["node.example"] });
    expect((await ask("GET /v1/info", { token: admin, headers: { host: "node.example" } })).status).to.equal(200);
    expect((await ask("GET /v1/info", { token: admin })).status).to.equal(403);
  });
});

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
