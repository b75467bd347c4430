import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { open } from "lmdb";

const FILE_KIB_MAX = 400;

describe("RELIABILITY P10: the chain's file on a disk that refuses a write", () => {
  it("holds whole what was committed before, and nothing of what came after", async () => {
    const path = mkdtempSync(`${tmpdir()}/sluice-filler-`);
    const script = fileURLToPath(new URL("./filler.ts", import.meta.url));
    const node = [process.execPath, "--import", "tsx", "--conditions=source", script, path];
    const limited = ["-c", 'ulimit -f "$0" && exec "$@"', String(FILE_KIB_MAX), ...node];
    const child = spawn("bash", limited, { stdio: ["ignore", "pipe", "ignore"] });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    expect(lines).to.deep.equal([JSON.stringify({ settled: "refused" })]);
    const env = open<Uint8Array, Uint8Array>({ path, maxDbs: 2, encoding: "binary", keyEncoding: "binary" });
    const numbers = env.openDB<Uint8Array, Uint8Array>({ name: "numbers", encoding: "binary", keyEncoding: "binary" });
    const found = [...numbers.getKeys()].map((key) => Number(new TextDecoder().decode(key)));
    expect(found).to.deep.equal(Array.from({ length: found.length }, (_, number) => number));
    expect(found).to.have.length.above(4);
    await env.close();
    rmSync(path, { recursive: true });
  });
});
