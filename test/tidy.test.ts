import { expect } from "chai";
import { checkCircles } from "../scripts/tidy/circles.ts";
import { checkCitations } from "../scripts/tidy/citations.ts";
import { functionsOf } from "../scripts/tidy/functions.ts";
import { scan } from "../scripts/tidy/scan.ts";
import { checkSource, show, tidy } from "../scripts/tidy.ts";

/** What is wrong with a file of this text at this place: `line rule: detail`. */
const faults = (path: string, text: string): string[] =>
  checkSource(scan(path, text), { "BOLT 2": ["Adding an HTLC: `update_add_htlc`"] }).map(
    ({ line, rule, detail }) => `${line} ${rule}: ${detail}`,
  );

describe("the house", () => {
  it("is tidy", () => {
    expect(tidy().violations.map(show)).to.deep.equal([]);
  });
});

describe("tidy: reading a file", () => {
  it("keeps code, and blanks comments, strings, templates and regular expressions", () => {
    const template = "`y$" + "{ b + `z` }w`";
    const text = [`const a = 'x' + ${template}; // await`, "/* Date */ c = /[/'\"]await/.test(d) / 2;"].join("\n");
    expect(scan("src/base/a.ts", text).code.replaceAll(/ +/g, " ")).to.equal(
      "const a = ' ' + ` b + ` ` `; \n c = .test(d) / 2;",
    );
  });
  it("joins adjoining comment lines, so that a citation may be broken", () => {
    const { comments } = scan("src/base/a.ts", "/**\n * BOLT 2\n * §Adding. */\n\n// one\n// two\n");
    expect(comments).to.deep.equal([
      { line: 1, text: "* BOLT 2 §Adding." },
      { line: 5, text: "one two" },
    ]);
  });
  it("finds imports, types, re-exports and calls, not words in strings", () => {
    const text =
      'import type { A } from "./a.ts";\nexport * from "../b.ts";\nawait import("./c.ts");\nsay("from \'./d.ts\'");';
    expect(scan("src/base/x.ts", text).imports).to.deep.equal([
      { line: 1, specifier: "./a.ts", runs: false },
      { line: 2, specifier: "../b.ts", runs: true },
      { line: 3, specifier: "./c.ts", runs: false },
    ]);
  });
  it("measures functions, methods and arrows with return types, not blocks and object literals", () => {
    const text = `function f(a: { b: number }): { c: number } {
  if (a.b > 0) {
    return { c: 1 };
  }
}
const g = (x: number): Result<{ y: number }, E> => {
  for (;;) {
    x++;
  }
};
export class C extends B<X> implements I {
  m<T>(t: T) {
    return t;
  }
}
type T = { readonly a: 1 };
describe("x", () => {
});`;
    const sizes = functionsOf(scan("src/base/a.ts", text)).map(({ line, lines, within }) => [line, lines, within]);
    expect(sizes).to.deep.equal([
      [1, 5, ""],
      [6, 5, ""],
      [12, 3, ""],
      [17, 2, "describe"],
    ]);
  });
});

describe("tidy: circles", () => {
  const circles = (files: Readonly<Record<string, string>>): string[] =>
    checkCircles(Object.entries(files).map(([path, text]) => scan(path, text))).map(show);
  it("are told where they close, with the way around", () => {
    const files = {
      "src/base/a.ts": 'import "./b.ts";',
      "src/base/b.ts": 'import { x } from "./d.ts";\nexport { y } from "./c.ts";',
      "src/base/c.ts": 'import type { T } from "./b.ts";\nimport {\n  type U,\n  z,\n} from "./a.ts";',
      "src/base/d.ts": "",
    };
    const way = "src/base/a.ts needs src/base/b.ts needs src/base/c.ts needs src/base/a.ts";
    expect(circles(files)).to.deep.equal([`src/base/c.ts:5  circle: ${way}`]);
  });
  it("are none of types, of what is asked for later, or over another way to the same file", () => {
    const files = {
      "src/base/a.ts": 'import { b } from "./b.ts";\nimport { c } from "./c.ts";',
      "src/base/b.ts":
        'import { c } from "./c.ts";\nimport type { A } from "./a.ts";\nexport type { T } from "./a.ts";',
      "src/base/c.ts": 'const later = () => import("./a.ts");',
    };
    expect(circles(files)).to.deep.equal([]);
  });
});

describe("tidy: floors", () => {
  it("lets a folder use lower floors and itself", () => {
    expect(
      faults("channels/normal/sign.ts", 'import "../../src/wire/updates.ts";\nimport "../htlc.ts";'),
    ).to.deep.equal([]);
    expect(faults("src/streams/a.ts", 'import "../payments/b.ts";')).to.deep.equal([]);
    expect(faults("src/main.ts", 'import "./adapters/tcp.ts";\nimport "./cli/main.ts";')).to.deep.equal([]);
    expect(faults("src/lab/world.ts", 'import "../adapters/memory/store.ts";')).to.deep.equal([]);
  });
  it("refuses a floor above and a folder on the same floor", () => {
    expect(
      faults("src/wire/a.ts", 'import "../../channels/step.ts";\nimport type { B } from "../bitcoin/b.ts";'),
    ).to.deep.equal([
      "1 floors: src/wire (floor 2) imports channels above it (floor 3)",
      "2 floors: src/wire (floor 2) imports src/bitcoin beside it (floor 2)",
    ]);
    expect(faults("src/payments/a.ts", 'import "../streams/b.ts";')).to.have.length(1);
    expect(faults("src/daemon/a.ts", 'import "../adapters/tcp.ts";')).to.have.length(1);
  });
  it("refuses adapters to the API, and to the lab those that are not in memory", () => {
    expect(faults("src/api/a.ts", 'import "../adapters/tcp.ts";')).to.have.length(1);
    expect(faults("src/lab/a.ts", 'import "../adapters/tcp.ts";')).to.have.length(1);
  });
  it("lets src/web use floors 0 to 4 and nothing of the daemon", () => {
    expect(faults("src/web/a.ts", 'import "../base/units.ts";')).to.deep.equal([]);
    expect(faults("src/web/a.ts", 'import "../api/route.ts";')).to.have.length(1);
  });
  it("lets src/web bring hls.js and socket.io into the browser, nothing of Node and no other package", () => {
    expect(faults("src/web/a.ts", 'import "hls.js/light";\nimport "socket.io-client";')).to.deep.equal([]);
    expect(faults("src/web/a.ts", 'import "node:fs";\nimport "zod";\nimport "hls.jsx";')).to.have.length(3);
  });
  it("keeps curves in src/crypto, bolt11 in the invoice reader and packages above the ports", () => {
    expect(faults("src/crypto/a.ts", 'import "@noble/hashes/sha2.js";')).to.deep.equal([]);
    expect(faults("src/payments/invoice.ts", 'import "bolt11";')).to.deep.equal([]);
    expect(faults("src/daemon/keychain.ts", 'import "@scure/bip32";')).to.deep.equal([]);
    expect(faults("src/crypto/symmetric-node.ts", 'import "node:crypto";')).to.deep.equal([]);
    for (const [path, specifier] of [
      ["src/daemon/a.ts", "@noble/hashes/sha2.js"],
      ["src/wire/a.ts", "#secp256k1"],
      ["src/payments/offer.ts", "bolt11"],
      ["src/daemon/node.ts", "@scure/bip32"],
      ["src/chain/a.ts", "node:crypto"],
      ["src/crypto/noise.ts", "node:crypto"],
      ["src/ports/a.ts", "zod"],
    ] as const)
      expect(faults(path, `import "${specifier}";`), path).to.have.length(1);
  });
  it("refuses a file in no room", () => {
    expect(faults("src/extra/a.ts", "")).to.deep.equal(["1 floors: stands in no room of the house"]);
  });
});

describe("tidy: purity of floors 0 to 4", () => {
  for (const code of [
    "await x;",
    "async () => 1;",
    "let p: Promise<1>;",
    "Date.now();",
    "Math.random();",
    "setTimeout(f);",
  ])
    it(`refuses ${code}`, () => {
      expect(faults("channels/a.ts", code)).to.have.length(1);
      expect(faults("src/daemon/a.ts", code)).to.deep.equal([]);
    });
  it("refuses Buffer, process and console, but not those words in text", () => {
    expect(faults("src/base/a.ts", 'Buffer.from("");\nprocess.exit();\nconsole.log(1);')).to.have.length(3);
    expect(faults("src/base/a.ts", '// await process\nsay("console");\nx.process();')).to.deep.equal([]);
  });
});

describe("tidy: sizes", () => {
  const lines = (count: number): string => "x;\n".repeat(count);
  it("allows 300 lines a file and 60 a function, and no more", () => {
    expect(faults("src/base/a.ts", lines(300))).to.deep.equal([]);
    expect(faults("src/base/a.ts", lines(301))).to.deep.equal(["1 size: file of 301 lines, at most 300"]);
    expect(faults("src/base/a.ts", `function f() {\n${lines(58)}}`)).to.deep.equal([]);
    expect(faults("src/base/a.ts", `\nfunction f() {\n${lines(59)}}`)).to.deep.equal([
      "2 size: function of 61 lines, at most 60",
    ]);
  });
  it("lets a group of tests be longer", () => {
    expect(faults("test/a.test.ts", `describe("a", () => {\n${lines(70)}});`)).to.deep.equal([]);
    expect(faults("test/a.test.ts", `it("a", () => {\n${lines(70)}});`)).to.have.length(1);
  });
});

describe("tidy: citations", () => {
  it("accepts a heading in any spelling of case and backticks, with or without the messages it names", () => {
    expect(faults("src/base/a.ts", "// BOLT 2 §Adding an HTLC.")).to.deep.equal([]);
    expect(faults("src/base/a.ts", "// BOLT 2 §adding an HTLC: update_add_htlc, in part.")).to.deep.equal([]);
  });
  it("refuses a heading that is not there, one that runs on, an unknown BOLT and another form", () => {
    const citations = [
      "BOLT 2 §Adding HTLCs.",
      "BOLT 2 §Adding an HTLC and more.",
      "BOLT 77 §Adding an HTLC.",
      "BOLT #2 §Adding an HTLC.",
    ];
    for (const citation of citations) expect(faults("src/base/a.ts", `// ${citation}`), citation).to.have.length(1);
  });
  it("checks only the form of BIPs, and of BOLTs where no headings are at hand", () => {
    expect(faults("src/base/a.ts", "// BIP 173 §Bech32.")).to.deep.equal([]);
    expect(faults("src/base/a.ts", "// BIP 173 §Bech32")).to.have.length(1);
    expect(checkCitations(scan("src/base/a.ts", "// BOLT 2 §Nothing."), undefined)).to.deep.equal([]);
  });
});

describe("tidy: bans", () => {
  const banned: readonly (readonly [string, string])[] = [
    ["src/base/a.ts", "// TO" + "DO: later"],
    ["src/base/a.ts", "// @ts-" + "ignore"],
    ["src/base/a.ts", "let x: any;"],
    ["src/base/a.ts", "f(x as any);"],
    ["src/base/a.ts", "let x: Map<string, any>;"],
    ["src/base/a.ts", "export default 1;"],
    ["src/base/a.ts", "const x = 1n as Msat;"],
    ["src/base/a.ts", "class PeerManager {}"],
    ["src/base/a.ts", "function doUtil() {}"],
    ["src/base/helpers.ts", ""],
    ["test/a.test.ts", "it.only('x');"],
    ["test/a.test.ts", "describe.skip('x');"],
    ["test/a.test.ts", "it.skip('flaky');"],
  ];
  for (const [path, code] of banned)
    it(`refuses ${code === "" ? path : code}`, () => {
      expect(faults(path, code)).to.have.length(1);
    });
  it("allows what only looks alike", () => {
    expect(faults("src/base/units.ts", "const x = 1n as Msat;")).to.deep.equal([]);
    expect(faults("src/base/a.ts", "// any of them\nconst any = 1;\nconst utility = many.any();")).to.deep.equal([]);
    expect(faults("test/a.test.ts", "it.skip('has no vectors here: x');")).to.deep.equal([]);
    const reasoned = "// biome-ignore lint/suspicious/noExplicitAny: the type is recovered.\nlet x: any;";
    expect(faults("src/base/a.ts", reasoned)).to.deep.equal([]);
  });
});
