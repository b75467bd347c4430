import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { maySeeEvent } from "../src/api/auth.ts";
import { COMMANDS } from "../src/cli/program.ts";
import { loadConfig } from "../src/daemon/config.ts";
import { fakeDaemon, run } from "./cli/daemon.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const isThere = (path: string): boolean => existsSync(join(ROOT, path));
const README = read("README.md");
const DOCUMENTS = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "src/api/README.md"],
  ...["channels/README.md", "routing/README.md"],
  ...["docs", "docs/decisions"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  ),
];

/** As a shell would cut it, comment and redirection left out; `<what is to be put in>` stays one word. */
const wordsOf = (line: string): readonly string[] =>
  [
    ...line
      .replace(/\s#\s.*$/, "")
      .replaceAll("$HOME", "/home")
      .matchAll(/"([^"]*)"|<[^>]*>\S*|\S+/g),
  ]
    .map(([word, quoted]) => quoted ?? word)
    .filter((word, at, all) => word !== ">" && all[at - 1] !== ">");
/** The command lines that a reader may copy, without `npm run sluice --`. */
const shownCommands = (): readonly (readonly string[])[] => [
  ...[...README.matchAll(/^npm run sluice -- (.+)$/gm)].map(([, line = ""]) => wordsOf(line)),
  ...[...README.matchAll(/`sluice ([^`…]+)`/g)].map(([, line = ""]) => wordsOf(line)),
];
/** Commands by which a sentence is about them, not always with all that they need. */
const mentionedCommands = (): readonly (readonly string[])[] => {
  const nouns = new Set(COMMANDS.map(({ words }) => words.split(" ")[0]));
  return [...README.matchAll(/`([a-z][a-z-]+ [^`…]+)`/g)]
    .map(([, text = ""]) => wordsOf(text))
    .filter(([noun]) => nouns.has(noun ?? ""));
};
const flagsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);

describe("the documents", () => {
  it("lead to what is there: files, folders and headings", () => {
    for (const path of DOCUMENTS)
      for (const [, target = "", heading] of read(path).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
        const file = target === "" ? path : join(dirname(path), target);
        expect(isThere(file), `${path}: ${target}`).to.equal(true);
        if (heading === undefined) continue;
        const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
          text
            .toLowerCase()
            .replaceAll(/[^\w -]/g, "")
            .replaceAll(" ", "-"),
        );
        expect(headings, `${path}: ${target}#${heading}`).to.include(heading);
      }
  });
  it("name no source or test that is not there", () => {
    for (const path of DOCUMENTS.filter((name) => !name.startsWith("docs/decisions/")))
      for (const [, name = ""] of read(path).matchAll(/`((?:src|test|scripts|docs|channels|routing)\/[\w./*-]+)`/g)) {
        const place = name.replace(/[/*]+$/, "");
        const places = [place, `${place}.ts`, `src/${place}`];
        expect(places.some(isThere), `${path}: ${name}`).to.equal(true);
      }
  });
  it("name as machines and hosts only files that are there", () => {
    const rows = [...read("ARCHITECTURE.md").matchAll(/^\| (.*`.*) \| (.*`.*) \| .* \|$/gm)];
    expect(rows).to.have.length.above(10);
    for (const [, ...columns] of rows)
      for (const [, name = ""] of columns.join(" ").matchAll(/`([\w./*-]+)`/g)) {
        const place = name.replace(/\/\*$/, "").replace(/\.ts$/, "");
        const places = ["", "src/", "src/daemon/"].flatMap((at) => [`${at}${place}`, `${at}${place}.ts`]);
        expect(places.some(isThere), name).to.equal(true);
      }
  });
});

describe("README.md", () => {
  it("shows only scripts of the package", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: object };
    const shown = [...README.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, name]) => name);
    expect(Object.keys(scripts)).to.include.members(shown);
  });
  it("shows only commands that there are, with the arguments and flags that they take", async function () {
    this.timeout(60_000);
    const commands = shownCommands();
    expect(commands).to.have.length.above(30);
    const daemon = await fakeDaemon();
    for (const words of commands) {
      const { err, started } = await daemon.run(words);
      const [[program, ...flags] = []] = started;
      if (program === "main") expect(loadConfig(flags, {}), words.join(" ")).to.have.property("ok", true);
      else if (program === undefined)
        expect(err, words.join(" ")).not.to.match(/unknown (?:command|option)|missing|too many arguments/);
    }
    for (const words of mentionedCommands())
      expect((await daemon.run(words)).err, words.join(" ")).not.to.match(/unknown (?:command|option)/);
    await daemon.close();
  });
  it("names only flags that something takes", async () => {
    const help = await Promise.all([["--help"], ["start", "--help"], ["signer", "--help"]].map((words) => run(words)));
    const options = COMMANDS.flatMap(({ options: own = {} }) => Object.keys(own));
    const scripts = ["demo", "sim", "kills", "bench"].map((name) => read(`scripts/${name}.ts`));
    const ofScripts = scripts.flatMap((text) =>
      [...text.matchAll(/^\s+(\w+): \{ type: /gm)].map(([, name]) => `--${name}`),
    );
    const known = [...flagsIn([...help.map(({ out }) => out), ...options, ...scripts].join("\n")), ...ofScripts];
    const ofBitcoinCore = ["--txindex"];
    expect([...known, ...ofBitcoinCore]).to.include.members([...new Set(flagsIn(README))]);
  });
});

describe("src/api/README.md", () => {
  it("lists every event, and the scope that shows it", () => {
    const sources = readdirSync(join(ROOT, "src/daemon"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    const lines = sources.flatMap((name) => read(`src/daemon/${name}`).split("\n"));
    const told = lines
      .filter((line) => /\b(?:record|tell|cameOrWent)\(|const type = /.test(line))
      .flatMap((line) => [...line.matchAll(/"([a-z]+\.[a-z_]+)"/g)].map(([, type = ""]) => type));
    const rows = [...read("src/api/README.md").matchAll(/^\| (`[a-z]+\..+?) \| `([a-z:]+)` \|$/gm)];
    const listed = rows.flatMap(([, events = "", scope = ""]) =>
      [...events.matchAll(/`([^`]+)`/g)].map(([, type = ""]) => ({ type, scope })),
    );
    expect(listed.map(({ type }) => type).sort()).to.deep.equal([...new Set(told)].sort());
    for (const { type, scope } of listed) {
      const sees = (...scopes: readonly string[]) => maySeeEvent({ id: "", scopes: scopes as never }, type);
      expect([sees("events:read", scope), sees("events:read"), sees(scope)], type).to.deep.equal([true, false, false]);
    }
  });
});
