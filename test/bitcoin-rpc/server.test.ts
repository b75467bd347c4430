import { existsSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../src/base/bytes.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { encodeTx } from "../../src/bitcoin/tx.ts";
import { fakeOutpoint, output, spend } from "../chain/builder.ts";
import { type RpcWorld, rpcWorld } from "./world.ts";

describe("Bitcoin Core's JSON-RPC: the door", () => {
  let world: RpcWorld;
  afterEach(() => world.close());
  const ask = (call: object) => world.post(JSON.stringify(call));

  it("needs the cookie: a file of this user alone, new at each start, gone at the end", async () => {
    world = await rpcWorld();
    const path = join(world.folder, ".cookie");
    expect(world.cookie()).to.match(/^__cookie__:[0-9a-f]{64}$/);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const wrong = world.post("{}", { authorization: `Basic ${Buffer.from("__cookie__:00").toString("base64")}` });
    // The answer is held back on the node's clock.
    const refused = await eventually(world, wrong);
    expect([refused.status, refused.headers["www-authenticate"]]).to.deep.equal([401, 'Basic realm="jsonrpc"']);
    const other = await rpcWorld();
    expect(other.cookie()).not.to.equal(world.cookie());
    await other.close();
    expect(existsSync(join(other.folder, ".cookie"))).to.equal(false);
  });
  it("answers JSON-RPC 1 with result, error and id, and says failures by status", async () => {
    world = await rpcWorld();
    const good = await ask({ method: "getblockcount", id: "a" });
    expect([good.status, good.text]).to.deep.equal([200, '{"result":0,"error":null,"id":"a"}\n']);
    const unknown = await ask({ method: "mintcoins", params: [], id: 7 });
    expect([unknown.status, JSON.parse(unknown.text)]).to.deep.equal([
      404,
      { result: null, error: { code: -32601, message: "Method not found" }, id: 7 },
    ]);
    const outOfRange = await ask({ method: "getblockhash", params: [5], id: 7 });
    expect([outOfRange.status, JSON.parse(outOfRange.text).error]).to.deep.equal([
      500,
      { code: -8, message: "Block height out of range" },
    ]);
    const nameless = await ask({ id: 1 });
    expect([nameless.status, JSON.parse(nameless.text).error.code]).to.deep.equal([400, -32600]);
  });
  it("answers JSON-RPC 2 with 200 and one of result and error, and notifications not at all", async () => {
    world = await rpcWorld();
    const good = await ask({ jsonrpc: "2.0", method: "getblockcount", id: 1 });
    expect([good.status, JSON.parse(good.text)]).to.deep.equal([200, { jsonrpc: "2.0", result: 0, id: 1 }]);
    const bad = await ask({ jsonrpc: "2.0", method: "mintcoins", id: 1 });
    expect([bad.status, JSON.parse(bad.text)]).to.deep.equal([
      200,
      { jsonrpc: "2.0", error: { code: -32601, message: "Method not found" }, id: 1 },
    ]);
    const notified = await ask({ jsonrpc: "2.0", method: "ping" });
    expect([notified.status, notified.text]).to.deep.equal([204, ""]);
  });
  it("answers batches in order, leaving out notifications", async () => {
    world = await rpcWorld();
    const calls = [
      { jsonrpc: "2.0", method: "getblockcount", id: 1 },
      { jsonrpc: "2.0", method: "ping" },
      { method: "nothing", id: 2 },
      5,
    ];
    const { status, text } = await world.post(JSON.stringify(calls));
    expect([status, JSON.parse(text)]).to.deep.equal([
      200,
      [
        { jsonrpc: "2.0", result: 0, id: 1 },
        { result: null, error: { code: -32601, message: "Method not found" }, id: 2 },
        { result: null, error: { code: -32600, message: "Invalid Request object" }, id: null },
      ],
    ]);
  });
  it("takes arguments by place, by name, and both", async () => {
    world = await rpcWorld();
    const genesis = await world.call("getbestblockhash");
    const named = await ask({ method: "getblock", params: { verbosity: 0, blockhash: genesis }, id: 1 });
    const both = await ask({ method: "getblock", params: { args: [genesis], verbosity: 0 }, id: 1 });
    expect(named.text).to.equal(both.text);
    const faults = [{ height: 0, size: 1 }, { args: [0], height: 0 }, [0, 1], {}, "0"];
    const codes: number[] = [];
    for (const params of faults)
      codes.push(JSON.parse((await ask({ method: "getblockhash", params, id: 1 })).text).error.code);
    expect(codes).to.deep.equal([-8, -8, -1, -1, -32600]);
  });
  it("says what type an argument has and should have", async () => {
    world = await rpcWorld();
    expect(await world.call("getblockhash", "5")).to.deep.equal([
      -3,
      "JSON value of type string is not of expected type number",
    ]);
    expect(await world.call("getblock", "ab")).to.deep.equal([-8, "blockhash must be of length 64 (not 2, for 'ab')"]);
    expect(await world.call("getblock", "zz".repeat(32))).to.deep.equal([
      -8,
      `blockhash must be hexadecimal string (not '${"zz".repeat(32)}')`,
    ]);
  });
  it("refuses what is no JSON, no POST, too large, too many", async () => {
    world = await rpcWorld({ bodyBytes: 1_000, batchCalls: 2, atOnce: 1 });
    const broken = await world.post("{");
    expect([broken.status, JSON.parse(broken.text).error]).to.deep.equal([
      500,
      { code: -32700, message: "Parse error" },
    ]);
    expect((await world.post("", {}, "GET")).status).to.equal(405);
    expect((await world.post(JSON.stringify({ method: "x".repeat(2_000) }))).status).to.equal(413);
    expect((await world.post("[{},{},{}]")).status).to.equal(400);
    const waiting = ask({ method: "waitforblockheight", params: [1], id: 1 });
    // Whoever comes while the only place is taken is sent away.
    let busy = await ask({ method: "ping", id: 1 });
    while (busy.status === 200) busy = await ask({ method: "ping", id: 1 });
    expect(busy.status).to.equal(503);
    await world.node.mine(1, Uint8Array.of(0x51));
    expect(JSON.parse((await waiting).text).result.height).to.equal(1);
  });
  it("ends a batch whose answers grow too large, and says so for each call that is left", async () => {
    world = await rpcWorld({ answerBytes: 2_000 });
    const genesis = String(await world.call("getblockhash", 0));
    const calls = Array.from({ length: 10 }, (_, id) => ({
      jsonrpc: "2.0",
      method: "getblock",
      params: [genesis],
      id,
    }));
    const { status, text } = await world.post(JSON.stringify(calls));
    const answers = JSON.parse(text) as readonly { readonly id: number; readonly error?: object }[];
    expect([status, answers.map(({ id }) => id)]).to.deep.equal([200, calls.map(({ id }) => id)]);
    const tooLarge = { code: -1, message: "The answers of this batch are too large: ask for less at once" };
    const whole = answers.findIndex(({ error }) => error !== undefined);
    expect(whole).to.be.within(1, 5);
    expect(answers.slice(whole).map(({ error }) => error)).to.deep.equal(new Array(10 - whole).fill(tooLarge));
  });
  it("holds no more of all questions together than is good, however many callers send at once", async () => {
    world = await rpcWorld({ bodiesBytes: 3_000 });
    const authorization = `Basic ${Buffer.from(world.cookie()).toString("base64")}`;
    const options = { host: "127.0.0.1", port: world.port, method: "POST", headers: { authorization } };
    const slow = request({ ...options, headers: { ...options.headers, "Content-Length": 10_000 } });
    slow.on("error", () => undefined);
    slow.write("x".repeat(2_000));
    const large = JSON.stringify({ method: "ping", params: [], id: "y".repeat(1_500) });
    while ((await world.post(large)).status !== 503);
    expect((await ask({ method: "ping", id: 1 })).status, "small ones have room").to.equal(200);
    slow.destroy();
    while ((await world.post(large)).status !== 200);
  });
  it("counts an answer that is not taken as one under way, and does not wait for ever until it is", async () => {
    world = await rpcWorld({ atOnce: 1, untakenMs: 200 });
    const authorization = `Basic ${Buffer.from(world.cookie()).toString("base64")}`;
    const deaf = request({ host: "127.0.0.1", port: world.port, method: "POST", headers: { authorization } });
    deaf.on("error", () => undefined);
    // More than the system takes for who does not read: a word for each byte.
    const hex = toHex(
      encodeTx(spend([fakeOutpoint(1)], [output(1n, new Uint8Array(800_000).fill(OP.CHECKSIGVERIFY))])),
    );
    deaf.end(JSON.stringify({ method: "decoderawtransaction", params: [hex], id: 1 }));
    const response = await new Promise<IncomingMessage>((resolve) => deaf.once("response", resolve));
    expect((await ask({ method: "ping", id: 1 })).status).to.equal(503);
    while ((await ask({ method: "ping", id: 1 })).status !== 200);
    response.on("error", () => undefined);
    response.destroy();
  });
  it("gives the place of a caller that waits and goes away to the next one", async () => {
    world = await rpcWorld({ atOnce: 1 });
    const authorization = `Basic ${Buffer.from(world.cookie()).toString("base64")}`;
    const leaving = request({ host: "127.0.0.1", port: world.port, method: "POST", headers: { authorization } });
    leaving.on("error", () => undefined);
    leaving.end(JSON.stringify({ method: "waitfornewblock", id: 1 }));
    while ((await ask({ method: "ping", id: 1 })).status !== 503);
    leaving.destroy();
    while ((await ask({ method: "ping", id: 1 })).status !== 200);
    expect(await world.call("getblockcount")).to.equal(0);
  });
});

/** Lets the node's clock run until there is an answer. */
async function eventually<T>(world: RpcWorld, asked: Promise<T>): Promise<T> {
  let answered = false;
  void asked.finally(() => {
    answered = true;
  });
  while (!answered) {
    world.clock.pass(250);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return asked;
}
