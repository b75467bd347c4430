import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openSocketSigner } from "../../../src/adapters/signer/socket-signer.ts";
import { signerContract, WORDS } from "../../contract/signer.ts";
import { elsewhere, startSigners } from "../../support/signers.ts";

describe("a signer that does not answer", () => {
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
});

signerContract("in another process, over a socket", async () => {
  await startSigners();
  const home = elsewhere({ tag: "words", words: WORDS });
  return { open: async () => home.open(), dispose: async () => home.leave() };
});
