import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../daemon.ts";

describe("config show", () => {
  let datadir: string;
  beforeEach(async () => {
    datadir = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  });
  afterEach(() => rm(datadir, { recursive: true }));

  it("shows each value and, with --origin, where it came from", async () => {
    await writeFile(join(datadir, "config.toml"), "fee-ppm = 250\n");
    const { out } = await run(["config", "show", "--origin", "--datadir", datadir], { env: { SLUICE_ALIAS: "bob" } });
    const rows = JSON.parse(out) as { setting: string; value: unknown; origin: string }[];
    expect(rows.filter(({ origin }) => origin !== "default")).to.deep.equal([
      { setting: "datadir", value: datadir, origin: "flag" },
      { setting: "alias", value: "bob", origin: "environment" },
      { setting: "feePpm", value: 250, origin: "file" },
    ]);
    const people = await run(["config", "show", "--datadir", datadir], { terminal: true });
    expect(people.out).to.match(/^SETTING +VALUE\nnetwork +regtest\nreal-money +–\n/);
    expect(people.out, "as config.toml has them").to.match(/\nfee-ppm +250\n/);
  });

  it("ends with 2 and names every setting that is wrong", async () => {
    await writeFile(join(datadir, "config.toml"), "feeppm = 250\n");
    const { exit, err } = await run(["config", "show", "--datadir", datadir]);
    expect(exit).to.equal(2);
    expect((JSON.parse(err) as { detail: string }).detail).to.match(
      /Unknown setting feeppm .* Did you mean fee-ppm\?$/,
    );
  });
});
