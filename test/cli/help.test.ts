import { homedir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../src/cli/program.ts";
import { flagOf, SETTING_NAMES } from "../../src/cli/settings.ts";
import { run } from "./daemon.ts";

describe("the command line", () => {
  describe("what runs in the foreground", () => {
    it("hands `start` and all its flags to the daemon unread", async () => {
      const { started } = await run(["start", "--alias", "bob", "--json"]);
      expect(started).to.deep.equal([["main", "--alias", "bob", "--json"]]);
    });
    it("hands `signer` and all its flags to the signer unread", async () => {
      const { started } = await run(["signer", "--socket", "/s", "--datadir", "keys"]);
      expect(started).to.deep.equal([["signer", "--socket", "/s", "--datadir", "keys"]]);
    });
    it("hands a folder that is named before `start` or `signer` to them too", async () => {
      for (const [program, name] of [
        ["main", "start"],
        ["signer", "signer"],
      ] as const) {
        const { exit, started } = await run(["--datadir", "/d", name, "--network", "regtest"]);
        expect({ exit, started }).to.deep.equal({
          exit: 0,
          started: [[program, "--datadir", "/d", "--network", "regtest"]],
        });
        expect((await run(["--datadir=/d", name])).started).to.deep.equal([[program, "--datadir=/d"]]);
      }
    });
    it("starts nothing when something else stands before them, and says so", async () => {
      for (const name of ["start", "signer"]) {
        const { exit, err, started } = await run(["--dry-run", name, "--api-port", "0"]);
        expect({ exit, started, ...(JSON.parse(err) as object) }).to.deep.include({
          exit: 2,
          started: [],
          detail: `Only --datadir may stand before ${name}.`,
          hint: `sluice ${name} --help`,
        });
      }
    });
  });

  describe("its help", () => {
    it("names every noun and command once, and no alias", async () => {
      const { out, exit } = await run(["--help"]);
      expect(exit).to.equal(0);
      const listed = out
        .split("Commands:\n")[1]
        ?.match(/^ {2}[a-z]+/gm)
        ?.map((line) => line.trim());
      const nouns = new Set(["start", "signer", ...COMMANDS.map(({ words }) => words.split(" ")[0] as string)]);
      expect(listed).to.deep.equal([...nouns]);
    });

    it("runs each alias as the command it stands for", async () => {
      const aliases = COMMANDS.flatMap(({ alias }) => alias ?? []);
      expect(aliases).to.include.members([
        "getinfo",
        "addinvoice",
        "payinvoice",
        "listchannels",
        "newaddress",
        "openchannel",
      ]);
      for (const alias of aliases) {
        const { exit, out } = await run([alias, "--help"]);
        expect({ alias, exit, usage: out.startsWith(`Usage: sluice ${alias} [options]`) }).to.deep.equal({
          alias,
          exit: 0,
          usage: true,
        });
      }
    });

    it("names every setting of a daemon, and every flag of a signer, however it is asked for", async () => {
      for (const flag of ["--help", "-h"]) {
        const [start, signer] = [await run(["start", flag]), await run(["signer", flag])];
        expect([start.exit, signer.exit, start.started, signer.started]).to.deep.equal([0, 0, [], []]);
        const listed = [...start.out.matchAll(/^ {2}(--[a-z-]+) </gm)].map(([, name]) => name);
        expect(listed).to.deep.equal(SETTING_NAMES.map((name) => flagOf(name)));
        expect(signer.out).to.include("--socket <path>").and.include("--restore");
      }
    });

    it("says what each setting is where nobody sets it, on the network that is named", async () => {
      const help = async (flags: readonly string[], env = {}) => {
        const { out } = await run(["start", ...flags, "--help"], { env });
        return out.replaceAll(/\s+/g, " ");
      };
      const [plain, signet, sluicenet] = [
        await help([]),
        await help(["--network=signet"]),
        await help(["--network", "sluicenet"], { SLUICE_NETWORK: "signet" }),
      ];
      for (const [flag, byDefault] of [
        ["--network", "regtest"],
        ["--api-port", "9737"],
        ["--chain-port", "18444"],
        ["--fee-ppm", "1000"],
        ["--filters", "true"],
        ["--max-channel-sat", "1000000000"],
        ["--datadir", join(homedir(), ".local/share/sluice/regtest")],
      ] as const)
        expect(plain).to.match(new RegExp(`${flag} <[^ ]+> (?:(?! --).)*\\(default: ${byDefault}\\)`));
      // Nothing is said of what is empty.
      expect(plain).to.not.match(/\(default: \)/);
      expect(signet).to.include("(default: 38333)").and.include("(default: http://127.0.0.1:38332)");
      expect(sluicenet).to.include("sluice/sluicenet)");
      expect(await help([], { SLUICE_NETWORK: "signet" })).to.equal(signet);
      expect(await help(["--network", "nowhere"])).to.equal(plain);
    });

    it("is pointed at where a command is used wrongly", async () => {
      const { err } = await run(["channel", "open", "02"]);
      expect(JSON.parse(err)).to.include({ hint: "sluice channel open --help" });
    });

    it("is shown to a person who leaves the verb out", async () => {
      const { err, exit } = await run(["wallet"], { terminal: true });
      expect(exit).to.equal(2);
      expect(err).to.include("Usage: sluice wallet [options] [command]").and.include("send <address> <amount>");
    });
  });
});
