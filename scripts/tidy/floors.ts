import type { Source, Violation } from "./scan.ts";

/** The floors of the house (docs/decisions/0001-floors.md): a folder may use folders of lower floors, never one beside it. */
const FLOORS: readonly (readonly string[])[] = [
  ["src/base"],
  ["src/codec", "src/crypto"],
  ["src/bitcoin", "src/wire"],
  ["channels", "routing", "src/chain"],
  ["src/payments", "src/streams", "src/tower"],
  ["src/ports"],
  ["src/adapters", "src/daemon"],
  ["src/api", "src/bitcoin-rpc", "src/gateway", "src/lab"],
  ["src/main.ts", "src/signer.ts", "src/cli", "src/web"],
  ["test", "scripts"],
];
/** Up to this floor nothing waits, nothing is random and nothing is read from the machine. */
const PURE_FLOOR_MAX = 4;
const PORTS_FLOOR = 5;
const TOP_FLOOR = 8;

export interface Place {
  readonly folder: string;
  readonly floor: number;
}
/** Which room of which floor a file is in; undefined for a file in no room. */
export function placeOf(path: string): Place | undefined {
  for (const [floor, folders] of FLOORS.entries())
    for (const folder of folders) if (path === folder || path.startsWith(`${folder}/`)) return { folder, floor };
  return undefined;
}
export const isPure = (path: string): boolean => (placeOf(path)?.floor ?? TOP_FLOOR) <= PURE_FLOOR_MAX;
/** The files in which a provider of cryptography meets Node. */
const isNodeProvider = (path: string): boolean => /^src\/crypto\/[\w-]+-(node|native)\.ts$/.test(path);

/** Where a relative import of `from` leads, as a path from the root. */
export function resolveImport(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

export function checkFloors(source: Source): Violation[] {
  const place = placeOf(source.path);
  if (place === undefined) return [{ ...at(source, 1), detail: "stands in no room of the house" }];
  const found: Violation[] = [];
  for (const { line, specifier } of source.imports) {
    const detail = specifier.startsWith(".")
      ? inside(source.path, place, resolveImport(source.path, specifier))
      : outside(source.path, place, specifier);
    if (detail !== undefined) found.push({ ...at(source, line), detail });
  }
  return found;
}
const at = (source: Source, line: number) => ({ path: source.path, line, rule: "floors" });

function inside(path: string, place: Place, target: string): string | undefined {
  const other = placeOf(target);
  if (place.floor > TOP_FLOOR || target === "package.json") return undefined;
  if (other === undefined) return `imports ${target}, which stands in no room`;
  if (other.folder === place.folder) return undefined;
  if (place.folder === "src/web") {
    return other.floor <= PURE_FLOOR_MAX ? undefined : `a browser client imports ${other.folder}`;
  }
  if (place.floor === TOP_FLOOR && other.floor <= TOP_FLOOR) return undefined;
  if (place.folder === "src/streams" && other.folder === "src/payments") return undefined;
  if (other.folder === "src/adapters") return adapters(path, place, target);
  if (other.floor < place.floor) return undefined;
  const how = other.floor === place.floor ? "beside it" : "above it";
  return `${place.folder} (floor ${place.floor}) imports ${other.folder} ${how} (floor ${other.floor})`;
}
function adapters(path: string, place: Place, target: string): string | undefined {
  const isMemory = /^src\/adapters\/memory(\/|\.ts$)/.test(target);
  if (place.folder === "src/lab" && isMemory) return undefined;
  return `${path} imports an adapter; only src/main.ts and src/cli do, and src/lab those in memory`;
}

/** What each package may be imported by, where that is not everyone above the ports. */
const PACKAGES: readonly { readonly name: RegExp; readonly where: RegExp; readonly rule: string }[] = [
  { name: /^@noble\/|^secp256k1$|^#/, where: /^src\/crypto\//, rule: "only src/crypto chooses a curve or cipher" },
  {
    name: /^bolt11$/,
    where: /^src\/payments\/invoice[\w-]*\.ts$/,
    rule: "only src/payments/invoice*.ts reads with bolt11",
  },
  {
    name: /^@scure\//,
    where: /^src\/daemon\/(keychain|wallet)[\w-]*(\/[\w-]+)?\.ts$/,
    rule: "only the keychain and the wallet use @scure",
  },
];

/** What a page may bring into the browser. */
const BROWSER_PACKAGES = /^(?:hls\.js|socket\.io-client)(?:\/|$)/;

function outside(path: string, place: Place, specifier: string): string | undefined {
  if (place.floor > TOP_FLOOR) return undefined;
  if (place.folder === "src/web") {
    return BROWSER_PACKAGES.test(specifier) ? undefined : `a browser client imports ${specifier}`;
  }
  for (const { name, where, rule } of PACKAGES)
    if (name.test(specifier)) return where.test(path) ? undefined : `imports ${specifier}: ${rule}`;
  if (place.floor > PORTS_FLOOR) return undefined;
  if (specifier.startsWith("node:") && isNodeProvider(path)) return undefined;
  return `imports ${specifier}: floors 0 to ${PORTS_FLOOR} use no package and nothing of Node`;
}

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bawait\b/g, "await"],
  [/\basync\b/g, "async"],
  [/\bPromise\b/g, "Promise"],
  [/\bDate\b/g, "Date"],
  [/\bMath\.random\b/g, "Math.random"],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g, "a timer"],
  [/\bperformance\b/g, "performance"],
  [/\bBuffer\b/g, "Buffer"],
  [/(?<![.\w])process\b(?!\s*:)/g, "process"],
  [/\bconsole\b/g, "console"],
];
/** Floors 0 to 4 are functions of their arguments. */
export function checkPurity(source: Source): Violation[] {
  if (!isPure(source.path) || isNodeProvider(source.path)) return [];
  const found: Violation[] = [];
  for (const [pattern, name] of IMPURE)
    for (const match of source.code.matchAll(pattern)) {
      const line = source.code.slice(0, match.index).split("\n").length;
      found.push({ path: source.path, line, rule: "purity", detail: `${name} below the ports` });
    }
  return found;
}
