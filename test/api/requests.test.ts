import { expect } from "chai";
import { err } from "../../src/base/result.ts";
import type { CommandFault } from "../../src/daemon/commands.ts";
import { BLOCK, fakeNode } from "./fake-node.ts";
import { closeAll, world } from "./fixture.ts";

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
  it("say 503 when the Bitcoin node does not answer, which is not 404", async () => {
    const node = fakeNode();
    const silent = async () => err({ code: "chain_unavailable", detail: "The Bitcoin node does not answer." } as const);
    const { ask, admin } = await world({ ...node, commands: { ...node.commands, chainHeader: silent, chain: silent } });
    for (const path of ["/v1/chain", `/v1/chain/headers/${BLOCK}`]) {
      const reply = await ask(`GET ${path}`, { token: admin });
      expect([reply.status, reply.json["code"], reply.json["retryable"]]).to.deep.equal([
        503,
        "CHAIN_UNAVAILABLE",
        true,
      ]);
    }
  });
  it("say 429 and when to come back after too many requests", async () => {
    const { ask } = await world(fakeNode(), { requestsPerMinute: 2 });
    const statuses = [await ask("GET /livez"), await ask("GET /livez"), await ask("GET /livez")];
    expect(statuses.map(({ status }) => status)).to.deep.equal([200, 200, 429]);
    expect([statuses[2]?.headers["retry-after"], statuses[2]?.json["code"]]).to.deep.equal(["60", "RATE_LIMITED"]);
  });
  it("are answered to who has a token, however many strangers ask from the same address", async () => {
    const { ask, admin, token } = await world(fakeNode(), { requestsPerMinute: 2 });
    for (let i = 0; i < 3; i++) await ask("GET /livez");
    const guessed = token("info:read").replace(/.{8}$/, "AAAAAAAA");
    const statuses = [await ask("GET /v1/info", { token: admin }), await ask("GET /v1/info", { token: guessed })];
    expect(statuses.map(({ status }) => status)).to.deep.equal([200, 429]);
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
