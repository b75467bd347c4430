import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { FRAME_BYTES_MAX, frameBytes } from "../../../src/adapters/signer/frames.ts";
import { PROTOCOL, type Question, question } from "../../../src/adapters/signer/questions.ts";
import { serveSigner } from "../../../src/adapters/signer/server.ts";
import { openSocketSigner } from "../../../src/adapters/signer/socket-signer.ts";
import { encode } from "../../../src/codec/codec.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { WORDS } from "../../contract/signer.ts";
import { Caller, HELLO, serviceAt } from "./caller.ts";

describe("the socket of a signer", () => {
  const keychain = keychainOf(WORDS, "regtest");
  let folder: string;
  let path: string;
  let served: { close(): Promise<void> };
  const callers: Caller[] = [];
  const call = (): Caller => {
    const caller = new Caller(path);
    callers.push(caller);
    return caller;
  };
  const refusalOf = async (start: () => unknown): Promise<string> => {
    try {
      await start();
    } catch (error) {
      return (error as Error).message;
    }
    return "started";
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
    path = join(folder, "socket");
    served = await serveSigner(serviceAt(path));
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.close();
    await served.close();
    rmSync(folder, { recursive: true });
  });

  it("is for its user alone, and a node goes to no other", () => {
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    chmodSync(path, 0o666);
    expect(() => openSocketSigner({ path, network: "regtest", onGone: () => {} })).to.throw("its mode has to be 0600");
  });
  it("is nobody else's: a signer that runs, and a file that is no socket, stay as they are", async () => {
    expect(await refusalOf(() => serveSigner(serviceAt(path)))).to.equal(`A signer listens on ${path} already.`);
    const file = join(folder, "file");
    writeFileSync(file, "kept");
    expect(await refusalOf(() => serveSigner(serviceAt(file)))).to.equal(`${file} is there and is no socket.`);
    expect(await refusalOf(() => openSocketSigner({ path: file, network: "regtest", onGone: () => {} }))).to.equal(
      `${file} is no socket.`,
    );
    const nowhere = join(folder, "nowhere");
    expect(await refusalOf(() => openSocketSigner({ path: nowhere, network: "regtest", onGone: () => {} }))).to.equal(
      `No signer listens on ${nowhere}.`,
    );
  });
  it("answers a node that greets", async () => {
    const caller = call();
    caller.ask(HELLO);
    caller.ask({ tag: "sign_as_node", digest: new Uint8Array(32) });
    const [hello, signature] = await caller.answers(2);
    expect(hello).to.deep.include({ tag: "hello", nodeId: keychain.nodeId });
    expect(signature).to.deep.include({ tag: "node_signature" });
  });
  for (const [what, first, detail] of [
    ["asks before it greets", { tag: "ecdh", point: new Uint8Array(33) }, "a node greets first"],
    [
      "speaks another version",
      { ...HELLO, protocol: PROTOCOL + 1 },
      `this signer speaks version ${PROTOCOL}, not ${PROTOCOL + 1}`,
    ],
    ["is on another network", { ...HELLO, network: "mainnet" }, "this signer is for regtest, not for mainnet"],
  ] as const)
    it(`parts with a node that ${what}`, async () => {
      const caller = call();
      caller.ask(first);
      await caller.over;
      expect(caller.heard).to.deep.equal([{ tag: "unwelcome", detail }]);
    });
  it("parts with what sends no frames and what sends no questions, and serves the next", async () => {
    const long = new Uint8Array(4);
    new DataView(long.buffer).setUint32(0, FRAME_BYTES_MAX + 1);
    const bad: readonly Uint8Array[] = [
      long,
      new Uint8Array(8),
      new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
      frameBytes({ id: 4, body: Uint8Array.of(99) }),
      frameBytes({ id: 4, body: encode(question, HELLO).subarray(0, 3) }),
    ];
    for (const bytes of bad) {
      const caller = call();
      caller.ask(HELLO);
      await caller.answers(1);
      caller.raw(bytes);
      await caller.over;
      expect(caller.heard.map(({ tag }) => tag)).to.deep.equal(["hello", "unwelcome"]);
    }
  });
  it("is free again when it has parted with a node that does not hang up", async () => {
    const stays = createConnection({ path, allowHalfOpen: true });
    const told = new Promise<void>((resolve) => stays.once("end", () => resolve()));
    stays.on("data", () => {});
    stays.write(frameBytes({ id: 2, body: Uint8Array.of(255) }));
    await told;
    const node = call();
    node.ask(HELLO);
    const [hello] = await node.answers(1);
    stays.destroy();
    expect(hello?.tag).to.equal("hello");
  });
  it("holds nothing of an opening that came to nothing", async () => {
    const node = call();
    node.ask(HELLO);
    for (const index of [3, 4]) node.ask({ tag: "open", index, remembered: FRESH_MEMORY });
    node.ask({ tag: "forget", index: 3 });
    for (const index of [3, 4]) node.ask({ tag: "points", index, from: 0n, count: 1 });
    const [, , , forgotten, held] = await node.answers(5);
    expect(forgotten).to.deep.equal({ tag: "failed", detail: "a channel is opened first" });
    expect(held?.tag).to.equal("points");
  });
  it("forgets nothing that it has given, so that a node cannot ask for it otherwise in the same life", async () => {
    const node = call();
    node.ask(HELLO);
    const open: Question = { tag: "open", index: 3, remembered: FRESH_MEMORY };
    for (const asked of [open, { tag: "secret", index: 3, number: 0n }, { tag: "forget", index: 3 }, open] as const)
      node.ask(asked);
    const [, , , again] = await node.answers(4);
    expect(again).to.deep.equal({ tag: "failed", detail: "a channel is opened once" });
  });
  it("says of a question that no honest node asks that it failed, and signs nothing", async () => {
    const caller = call();
    const secret: Question = { tag: "secret", index: 1, number: 0n };
    const open: Question = { tag: "open", index: 1, remembered: undefined };
    const again: Question = { ...open, remembered: FRESH_MEMORY };
    for (const one of [
      HELLO,
      secret,
      open,
      again,
      secret,
      { tag: "points", index: 1, from: 1n << 48n, count: 1 },
    ] as const)
      caller.ask(one);
    expect((await caller.answers(6)).map(({ tag }) => tag)).to.deep.equal([
      "hello",
      "failed",
      "opened",
      "failed",
      "failed",
      "failed",
    ]);
  });
  it("stands whatever comes, byte by byte or at random", async () => {
    const random = seededRandom("a hostile node");
    for (let round = 0; round < 60; round++) {
      const caller = call();
      caller.ask(HELLO);
      await caller.answers(1);
      const body = random.bytes(1 + (round % 40));
      for (const byte of frameBytes({ id: 4, body })) caller.raw(Uint8Array.of(byte));
      await caller.answers(2);
      caller.close();
      await caller.over;
    }
    const caller = call();
    caller.ask(HELLO);
    expect((await caller.answers(1))[0]?.tag).to.equal("hello");
  });
  it("is one node's at a time: another one waits a moment, and is turned away", async () => {
    const [first, second] = [call(), call()];
    first.ask(HELLO);
    await first.answers(1);
    second.ask(HELLO);
    const third = call();
    await third.over;
    await second.over;
    const occupied = [{ tag: "unwelcome", detail: "another node is with it" }];
    expect([second.heard, third.heard]).to.deep.equal([occupied, occupied]);
    const fourth = call();
    fourth.ask(HELLO);
    first.close();
    expect((await fourth.answers(1))[0]?.tag).to.equal("hello");
  });
});
