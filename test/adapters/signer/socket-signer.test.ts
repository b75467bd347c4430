import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { openSocketSigner } from "../../../src/adapters/signer/socket-signer.ts";
import { signerContract, WORDS } from "../../contract/signer.ts";
import { elsewhere, signersHost } from "../../support/signers.ts";

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
