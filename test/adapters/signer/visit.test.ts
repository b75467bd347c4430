import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { frameBytes } from "../../../src/adapters/signer/frames.ts";
import { type Question, question } from "../../../src/adapters/signer/questions.ts";
import { serveSigner } from "../../../src/adapters/signer/server.ts";
import { encode } from "../../../src/codec/codec.ts";
import { Caller, HELLO, serviceAt } from "./caller.ts";

describe("a signer whose node is broken or hostile", () => {
  let folder: string;
  let path: string;
  let served: { close(): Promise<void> } | undefined;
  const callers: Caller[] = [];
  const call = (): Caller => {
    const caller = new Caller(path);
    callers.push(caller);
    return caller;
  };
  const serve = async (questionMsMax?: number): Promise<void> => {
    served = await serveSigner({ ...serviceAt(path), ...(questionMsMax === undefined ? {} : { questionMsMax }) });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
    path = join(folder, "socket");
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.close();
    await served?.close();
    rmSync(folder, { recursive: true });
  });
  const hello = frameBytes({ id: 2, body: encode(question, HELLO) });

  it("parts with one that begins a question and does not end it, and serves the next", async () => {
    await serve(20);
    const slow = call();
    slow.raw(hello);
    await slow.answers(1);
    slow.raw(hello.subarray(0, hello.length - 1));
    await slow.over;
    expect(slow.heard[1]).to.deep.equal({ tag: "unwelcome", detail: "half a question" });
    const next = call();
    next.raw(hello);
    expect((await next.answers(1))[0]?.tag).to.equal("hello");
  });
  it("gives the time of one question to each: many in pieces of any size are answered", async () => {
    await serve(5_000);
    const node = call();
    const asked = encode(question, { tag: "sign_as_node", digest: new Uint8Array(32) });
    const all = [hello, ...[4, 6, 8].map((id) => frameBytes({ id, body: asked }))];
    const bytes = all.flatMap((frame) => [...frame]);
    for (let at = 0; at < bytes.length; at += 7) node.raw(Uint8Array.from(bytes.slice(at, at + 7)));
    const heard = await node.answers(4);
    expect(heard.map(({ tag }) => tag)).to.deep.equal(["hello", ...Array(3).fill("node_signature")]);
  });
  it("is with one node, however many come at once, and lets nobody of them stay", async () => {
    await serve();
    const first = call();
    first.raw(hello);
    await first.answers(1);
    const others = Array.from({ length: 200 }, call);
    for (const other of others) other.raw(hello);
    await Promise.all(others.map(({ over }) => over));
    const heard = new Set(others.flatMap((other) => other.heard.map((said) => JSON.stringify(said))));
    expect([...heard]).to.deep.equal([JSON.stringify({ tag: "unwelcome", detail: "another node is with it" })]);
    first.raw(frameBytes({ id: 4, body: encode(question, { tag: "sign_as_node", digest: new Uint8Array(32) }) }));
    expect((await first.answers(2))[1]?.tag).to.equal("node_signature");
  });
  it("is free again when it has parted with one that reads nothing", async () => {
    await serve(20);
    const deaf = createConnection(path);
    deaf.on("error", () => {});
    const ask = (value: Question): void => void deaf.write(frameBytes({ id: 2, body: encode(question, value) }));
    deaf.pause();
    ask(HELLO);
    ask({ tag: "open", index: 0, remembered: FRESH_MEMORY });
    // More than the system holds for one that does not read.
    for (let at = 0; at < 60; at++) ask({ tag: "points", index: 0, from: 0n, count: 255 });
    deaf.write(hello.subarray(0, 3));
    const deadline = performance.now() + 10_000;
    for (;;) {
      const next = call();
      next.raw(hello);
      await Promise.race([next.answers(1), next.over]);
      if (next.heard[0]?.tag === "hello") break;
      expect(performance.now()).to.be.below(deadline);
    }
    deaf.destroy();
  });
});
