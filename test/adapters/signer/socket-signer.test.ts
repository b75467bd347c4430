import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { Refused } from "../../../src/adapters/sentences.ts";
import { frameBytes } from "../../../src/adapters/signer/frames.ts";
import { type Answer, answer } from "../../../src/adapters/signer/questions.ts";
import { openSocketSigner } from "../../../src/adapters/signer/socket-signer.ts";
import { encode } from "../../../src/codec/codec.ts";
import { signerContract, WORDS } from "../../contract/signer.ts";
import { elsewhere, signersHost } from "../../support/signers.ts";

/** Listens in a thread, as this one stands still, and says this to whatever it hears. */
async function saying(path: string, bytes: Uint8Array): Promise<Worker> {
  const program = `
    const { parentPort, workerData: { path, bytes } } = require("node:worker_threads");
    const server = require("node:net").createServer((socket) => socket.on("data", () => socket.write(bytes)));
    server.listen(path, () => parentPort.postMessage("up"));`;
  const worker = new Worker(program, { eval: true, workerData: { path, bytes } });
  await new Promise((resolve) => worker.once("message", resolve));
  chmodSync(path, 0o600);
  return worker;
}

describe("a signer that is none", () => {
  const frame = (value: Answer): Uint8Array => frameBytes({ id: 2, body: encode(answer, value) });
  const length = new Uint8Array(4).fill(0xff);
  for (const [what, bytes, said] of [
    [
      "something of its own",
      new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n"),
      "it does not answer as a signer does",
    ],
    ["the beginning of more than fits into a question", length, "it does not answer as a signer does"],
    ["half an answer", frame({ tag: "kept" }).subarray(0, 8), "no answer within 300 ms"],
    ["the answer to another question", frame({ tag: "kept" }), "it answers kept in place of hello"],
    ["an answer that is none", frameBytes({ id: 2, body: Uint8Array.of(200, 1) }), "no answer: "],
    [
      "that it speaks another version",
      frame({ tag: "unwelcome", detail: "this signer speaks version 9" }),
      "this signer speaks version 9",
    ],
  ] as const)
    it(`is not used when it says ${what}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
      const path = join(folder, "socket");
      const worker = await saying(path, bytes);
      const answerMsMax = what === "half an answer" ? 300 : 10_000;
      const open = () => openSocketSigner({ path, network: "regtest", onGone: () => {}, answerMsMax });
      expect(open).to.throw(Refused, `The signer at ${path} is of no use: ${said}`);
      await worker.terminate();
      rmSync(folder, { recursive: true });
    });
});

describe("a signer that does not answer", function () {
  this.timeout(60_000);
  it("is given up in time, with nothing signed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
    const path = join(folder, "socket");
    const umask = process.umask(0o177);
    // Nothing in this process answers while it stands still.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    process.umask(umask);
    expect(() => openSocketSigner({ path, network: "regtest", onGone: () => {}, answerMsMax: 50 })).to.throw(
      `The signer at ${path} is of no use: no answer within 50 ms.`,
    );
    server.close();
    rmSync(folder, { recursive: true });
  });
  it("ends what waits for it to keep, is told once, and is not waited for again", async () => {
    const host = signersHost();
    const home = elsewhere({ tag: "words", words: WORDS }, host);
    const gone: string[] = [];
    const onGone = ({ message }: Error): void => void gone.push(message);
    const signer = home.open({ onGone, keepsAtOnce: false, answerMsMax: 2_000, keepMsMax: 1_000 });
    const channel = signer.channel(0, FRESH_MEMORY);
    if (!channel.ok) throw new Error(channel.error.detail);
    channel.value.keys.commitmentSecret(0n);
    await signer.keep(signer.mark());
    channel.value.keys.commitmentSecret(1n);
    const next = signer.mark();
    host.child.kill("SIGSTOP");
    const sentence = `The signer at ${home.path} is of no use: no answer within 1000 ms.`;
    const thrown = await signer.keep(next).catch((error: Error) => [error.name, error.message]);
    expect(thrown).to.deep.equal(["SignerGone", sentence]);
    const began = performance.now();
    expect(() => signer.signAsNode(new Uint8Array(32))).to.throw(sentence);
    expect(await signer.keep(next).catch((error: Error) => error.message)).to.equal(sentence);
    expect(performance.now() - began).to.be.below(1_000);
    expect(gone).to.deep.equal([sentence]);
    host.child.kill("SIGKILL");
  });
});

signerContract("in another process, over a socket", async () => {
  const home = elsewhere({ tag: "words", words: WORDS });
  return { open: async () => home.open(), dispose: async () => home.leave() };
});
