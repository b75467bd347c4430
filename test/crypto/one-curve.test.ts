import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ARGUMENTS = ["-C", "source", "--import", "tsx", "--import", "./test/support/module-recorder.ts"];

/** Each has taken objects for bytes, or given keys of zeros. */
const HASH_LIBRARIES = /node_modules\/(sha\.js|cipher-base|pbkdf2|hash\.js|ripemd160|md5\.js)\//;

/** Runs the program that uses the curve in every way, and answers what it printed and every module it loaded. */
function runCurveUser(env: Readonly<Record<string, string>>) {
  const child = spawnSync(process.execPath, [...ARGUMENTS, "test/support/curve-user.ts"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  const lines = child.stdout.split("\n");
  const loaded = lines.filter((line) => line.startsWith("loaded ")).map((line) => line.slice("loaded ".length));
  return { said: lines.find((line) => line.startsWith("curve ")), loaded, errors: child.stderr };
}
/** The packages of curve arithmetic among these modules, each by its folder. A `.node` file counts as libsecp256k1. */
function curveLibraries(loaded: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const file of loaded) {
    const match = /.*node_modules\/(@noble\/curves|elliptic|tiny-secp256k1|@bitcoinerlab\/secp256k1|ecpair)\//.exec(
      file,
    );
    if (match !== null) found.add(match[0].slice(match[0].indexOf("node_modules")));
    if (/secp256k1.*\.node$/.test(file)) found.add("libsecp256k1");
  }
  return [...found];
}

describe("RELIABILITY K3, K8: one curve library in a process, and no hash library beside Node's (elliptic is banned at run time)", () => {
  it("is libsecp256k1 where its binding loads, also under bolt11, and then noble is not loaded", function () {
    const { said, loaded, errors } = runCurveUser({});
    if (said?.startsWith("curve noble")) this.skip();
    expect({ said, errors }).to.deep.equal({ said: "curve native true", errors: "" });
    expect(loaded.some((file) => file.endsWith("bolt11/payreq.js"))).to.equal(true);
    expect(curveLibraries(loaded)).to.deep.equal(["libsecp256k1"]);
    expect(loaded.filter((file) => HASH_LIBRARIES.test(file))).to.deep.equal([]);
  });
  it("is noble, once, where the binding is missing, and elliptic is not loaded then either", () => {
    const { said, loaded, errors } = runCurveUser({ NO_BINDINGS: "1" });
    expect({ said, errors }).to.deep.equal({ said: "curve noble true", errors: "" });
    expect(curveLibraries(loaded)).to.deep.equal(["node_modules/@noble/curves/"]);
  });
});

describe("package-lock.json", () => {
  const lock = JSON.parse(readFileSync(`${ROOT}package-lock.json`, "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>;
  };
  it("puts our shim where bolt11 looks for secp256k1", () => {
    const shim = lock.packages["node_modules/bolt11/node_modules/secp256k1"];
    expect(shim).to.deep.equal({ resolved: "shims/bolt11-secp256k1", link: true });
  });
  it("holds one copy of noble's curves", () => {
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith("@noble/curves"));
    expect(copies).to.deep.equal(["node_modules/@noble/curves"]);
  });
  it("names no host but the default registry's", () => {
    const hosts = Object.values(lock.packages).map(({ resolved }) => /^https?:\/\/([^/]+)/.exec(resolved ?? "")?.[1]);
    expect([...new Set(hosts)].filter((host) => host !== undefined && host !== "registry.npmjs.org")).to.deep.equal([]);
  });
});
