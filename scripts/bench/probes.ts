import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { median, rounded } from "./statistics.ts";

/** What the machine gave at that moment. Figures of a run mean nothing without it: other work slows verifying and syncs. */
export interface Probes {
  readonly probe: "before" | "after";
  /** The curve provider in use. */
  readonly curve: "native" | "noble";
  readonly verifyPerSecond: number;
  /** Median of one small write made durable, in the folder that the stores lie in. */
  readonly fdatasyncMs: number;
  /** Processes that wanted to run, over the last minute. */
  readonly load: number;
  /** Share of the time that somebody else's machine took, over the probe. Undefined where the system does not tell. */
  readonly steal: number | undefined;
  /** Whether this process goes before others, as under `chrt -r 1`. Undefined where the system does not tell. */
  readonly realtime: boolean | undefined;
  readonly cpus: number;
  readonly model: string;
  readonly node: string;
}

const VERIFY_MS = 300;
const SYNCS = 60;

export function probe(when: Probes["probe"]): Probes {
  const before = ticks();
  const verifyPerSecond = rounded(verifyRate());
  const fdatasyncMs = rounded(syncMs());
  const after = ticks();
  const [load = 0] = loadavg();
  const [processor] = cpus();
  return {
    probe: when,
    curve: secp256k1.name,
    verifyPerSecond,
    fdatasyncMs,
    load: rounded(load),
    steal:
      before === undefined || after === undefined
        ? undefined
        : rounded((after.steal - before.steal) / Math.max(1, after.all - before.all)),
    realtime: isRealtime(),
    cpus: cpus().length,
    model: processor?.model ?? "",
    node: process.version,
  };
}

/** Signatures that the provider in use checks in a second, on one core. */
export function verifyRate(): number {
  const secret = sha256(Uint8Array.of(1));
  const digest = sha256(Uint8Array.of(2));
  const point = secp256k1.publicKey(secret);
  const signature = secp256k1.sign(digest, secret);
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < VERIFY_MS)
    for (let i = 0; i < 16; i++, done++) if (!secp256k1.verify(signature, digest, point)) throw new Error("verify");
  return (done * 1000) / (performance.now() - begin);
}

/** Median of one small write made durable, in milliseconds. */
export function syncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), "sluice-probe-"));
  const file = openSync(join(folder, "probe"), "w");
  try {
    const times = Array.from({ length: SYNCS }, (_, at) => {
      const begin = performance.now();
      writeSync(file, new Uint8Array(256), 0, 256, at * 256);
      fdatasyncSync(file);
      return performance.now() - begin;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

function ticks(): { readonly all: number; readonly steal: number } | undefined {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
    const counts = line.trim().split(/\s+/).slice(1).map(Number);
    return { all: counts.reduce((sum, count) => sum + count, 0), steal: counts[7] ?? 0 };
  } catch {
    return undefined;
  }
}

/** The 41st field of the line, behind a name that may hold spaces: 1 is first in first out, 2 is round robin. */
function isRealtime(): boolean | undefined {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return ["1", "2"].includes(fields[POLICY_FIELD] ?? "");
  } catch {
    return undefined;
  }
}
const POLICY_FIELD = 38;
