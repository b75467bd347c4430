import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { checkFolder, checkSocket, checkWords } from "../../../src/adapters/signer/permissions.ts";
import { serveSigner } from "../../../src/adapters/signer/server.ts";
import { serviceAt } from "./caller.ts";

describe("who else may come to a signer", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const listening = (path: string, mode: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer().listen(path, () => {
        chmodSync(path, mode);
        resolve(server);
      });
    });

  it("nobody who may write in the folder of its socket and put another there, but where only owners remove", () => {
    const at = (mode: number) => () => {
      chmodSync(folder, mode);
      checkFolder(folder);
    };
    for (const mode of [0o700, 0o755, 0o1777]) expect(at(mode)).not.to.throw();
    for (const mode of [0o770, 0o775, 0o707, 0o777])
      expect(at(mode)).to.throw(`${folder} may be written by others than this user: make it yours`);
    expect(() => checkFolder(join(folder, "nowhere"))).to.throw(`${join(folder, "nowhere")} is no folder.`);
  });
  it("nobody else in person: it does not listen in such a folder", async () => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    const refused = await serveSigner(serviceAt(join(open, "socket"))).catch((error: Error) => error);
    expect(refused).to.be.an("error").with.property("name", "Refused");
  });
  it("nobody who may only connect", async () => {
    const path = join(folder, "socket");
    for (const [mode, isGood] of [
      [0o600, true],
      [0o660, false],
      [0o601, false],
    ] as const) {
      const server = await listening(path, mode);
      if (isGood) checkSocket(path);
      else
        expect(() => checkSocket(path)).to.throw(`${path} is open to others than this user: its mode has to be 0600.`);
      await new Promise((resolve) => server.close(resolve));
    }
  });
  it("nobody who may read its words", () => {
    const path = join(folder, "words");
    checkWords(path);
    writeFileSync(path, "abandon", { mode: 0o600 });
    checkWords(path);
    chmodSync(path, 0o644);
    expect(() => checkWords(path)).to.throw(`${path} is open to others than this user: its mode has to be 0600.`);
  });
});
