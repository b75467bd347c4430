import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type FakeDaemon, fakeDaemon, run } from "../daemon.ts";
import { HASH } from "../samples.ts";

const PSBT = "cHNidP8BAA==";
const SHOWN = {
  psbt: PSBT,
  txid: HASH,
  feeSat: "1500",
  inputs: [{ outpoint: `${HASH}:0`, amountSat: "50000", address: "bcrt1qours", ours: true, signed: false }],
  outputs: [{ amountSat: "48500", address: null, ours: false }],
  tx: null,
};

describe("wallet psbt", () => {
  let daemon: FakeDaemon;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-psbt-"));
    daemon = await fakeDaemon({
      "POST /v1/wallet/psbts": { status: 201, body: SHOWN },
      "POST /v1/wallet/psbts/show": { body: SHOWN },
      "POST /v1/wallet/psbts/sign": { body: SHOWN },
      "POST /v1/wallet/psbts/combine": { body: SHOWN },
      "POST /v1/wallet/psbts/send": { status: 201, body: { txid: HASH } },
      [`DELETE /v1/wallet/psbts/${HASH}`]: { body: { txid: HASH } },
    });
  });
  afterEach(async () => {
    await daemon.close();
    await rm(folder, { recursive: true });
  });

  it("gives a PSBT as text or from a file, and asks for any fee only when told to", async () => {
    const file = join(folder, "payment.psbt");
    await writeFile(file, `${PSBT}\n`);
    await daemon.run(["wallet", "psbt", "create", "bcrt1qexample", "48500", "--coin", `${HASH}:0,${HASH}:1`]);
    await daemon.run(["wallet", "psbt", "sign", file, "--any-fee"]);
    await daemon.run(["wallet", "psbt", "combine", PSBT, file]);
    await daemon.run(["wallet", "psbt", "send", PSBT]);
    await daemon.run(["wallet", "psbt", "release", HASH]);
    expect(daemon.asked.map(({ what, body }) => [what, body])).to.deep.equal([
      ["POST /v1/wallet/psbts", { address: "bcrt1qexample", amountSat: "48500", coins: [`${HASH}:0`, `${HASH}:1`] }],
      ["POST /v1/wallet/psbts/sign", { psbt: PSBT, anyFee: true }],
      ["POST /v1/wallet/psbts/combine", { psbts: [PSBT, PSBT] }],
      ["POST /v1/wallet/psbts/send", { psbt: PSBT }],
      [`DELETE /v1/wallet/psbts/${HASH}`, undefined],
    ]);
  });

  it("tells people from where to where, what goes to miners and whether signatures are missing", async () => {
    const { out } = await daemon.run(["wallet", "psbt", "show", PSBT], { terminal: true });
    expect(out).to.include("bcrt1qours").and.include("a script without an address");
    expect(out).to.include("fee   1,500 sat").and.include("signatures are missing");
    expect((await daemon.run(["wallet", "psbt", "show", PSBT])).out).to.equal(`${JSON.stringify(SHOWN)}\n`);
  });

  it("stands in the help under the wallet", async () => {
    const { out } = await run(["wallet", "psbt", "--help"], { terminal: true });
    for (const verb of ["create", "show", "sign", "combine", "finalize", "send", "release"]) {
      expect(out).to.match(new RegExp(`\\n  ${verb} `));
    }
    expect((await run(["wallet", "--help"], { terminal: true })).out).to.include("psbt");
  });
});
