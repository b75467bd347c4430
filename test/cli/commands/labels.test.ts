import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type FakeDaemon, fakeDaemon } from "../daemon.ts";
import { HASH } from "../samples.ts";

const TX = { type: "tx", ref: HASH, label: "June", origin: "wpkh([d34db33f/84'/0'/0'])", spendable: null };
const COIN = { type: "output", ref: `${HASH}:0`, label: "rent", origin: null, spendable: false };

describe("wallet labels", () => {
  let daemon: FakeDaemon;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-labels-"));
    daemon = await fakeDaemon({
      "GET /v1/wallet/labels?limit=500": { body: { data: [TX, COIN], hasMore: false, next: null } },
      "POST /v1/wallet/labels": { body: TX },
      "POST /v1/wallet/labels/import": { body: { taken: 2, skipped: 1 } },
    });
  });
  afterEach(async () => {
    await daemon.close();
    await rm(folder, { recursive: true });
  });

  it("writes one JSON object a line, to people and pipes alike, and reads the same again", async () => {
    const lines = [
      `{"type":"tx","ref":"${HASH}","label":"June","origin":"wpkh([d34db33f/84'/0'/0'])"}`,
      `{"type":"output","ref":"${HASH}:0","label":"rent","spendable":false}`,
    ];
    const text = `${lines.join("\n")}\n`;
    expect((await daemon.run(["wallet", "labels", "export"])).out).to.equal(text);
    expect((await daemon.run(["wallet", "labels", "export"], { terminal: true })).out).to.equal(text);
    const file = join(folder, "labels.jsonl");
    await writeFile(file, text);
    const { out } = await daemon.run(["wallet", "labels", "import", file], { terminal: true });
    expect(out).to.equal("2 labels taken in, 1 lines of unknown types skipped\n");
    expect(daemon.asked.at(-1)).to.deep.include({ what: "POST /v1/wallet/labels/import", body: { text } });
  });
  it("calls one thing by a name, of the types that there are", async () => {
    await daemon.run(["wallet", "labels", "set", "tx", HASH, "June"]);
    expect(daemon.asked.at(-1)?.body).to.deep.equal({ type: "tx", ref: HASH, label: "June" });
    expect((await daemon.run(["wallet", "labels", "set", "house", HASH, "June"])).exit).to.equal(2);
  });
});
