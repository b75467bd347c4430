import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openEmbeddedStore, StoreRefused } from "../../../src/adapters/store/embedded.ts";
import type { SequencedStore } from "../../../src/adapters/store/group-commit.ts";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
import { storeContract } from "../../contract/store.ts";
import { breakFile } from "../../support/lmdb-damage.ts";

const network = "regtest";
const folder = (): string => mkdtempSync(`${tmpdir()}/sluice-store-`);
const erase = (path: string): void => rmSync(path, { recursive: true, force: true });
const refusal = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => "opened",
    (error) => error,
  );

storeContract(
  "embedded",
  async () => {
    const path = folder();
    let open: SequencedStore | undefined;
    return {
      open: async () => {
        await open?.close();
        open = await openEmbeddedStore({ path, network });
        return open;
      },
      breakBit: async (key, bit) => {
        await open?.close();
        open = undefined;
        breakFile(path, key, bit);
      },
      dispose: async () => {
        await open?.close();
        erase(path);
      },
    };
  },
  { failsOnCommand: false },
);

describe("embedded store: what it refuses to open, and what it does not", () => {
  let path: string;
  beforeEach(() => {
    path = folder();
  });
  afterEach(() => erase(path));
  const dataOf = (): string => toHex(readFileSync(`${path}/data.mdb`));
  /** Runs `child.ts`; `limit` bounds the size of files, in KiB. */
  const run = (task: "hold" | "fill", limit = "unlimited"): ChildProcess => {
    const script = fileURLToPath(new URL("./child.ts", import.meta.url));
    const command = 'ulimit -f "$0" && exec "$@"';
    const node = [process.execPath, "--import", "tsx", "--conditions=source", script, task, path];
    return spawn("bash", ["-c", command, limit, ...node], { stdio: ["ignore", "pipe", "ignore"] });
  };
  const firstLine = async (child: ChildProcess): Promise<Record<string, unknown>> => {
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return JSON.parse(line);
    throw new Error("the child said nothing");
  };

  it("RELIABILITY P7: refuses a second opening in the same process", async () => {
    const store = await openEmbeddedStore({ path, network });
    const error = await refusal(openEmbeddedStore({ path, network }));
    expect(error).to.be.instanceOf(StoreRefused).with.property("code", "in_use");
    await store.close();
  });

  it("RELIABILITY P7: refuses a second process at once and by its number, changes nothing, and opens when that process is killed", async () => {
    const child = run("hold");
    expect(await firstLine(child)).to.deep.equal({ open: true });
    const before = dataOf();
    const startedAt = performance.now();
    const error = (await refusal(openEmbeddedStore({ path, network }))) as StoreRefused;
    expect(error.message).to.equal(`The data in ${path} is in use by process ${child.pid}.`);
    expect(performance.now() - startedAt).to.be.below(1000);
    expect(dataOf()).to.equal(before);
    child.kill("SIGKILL");
    await once(child, "close");
    const store = await openEmbeddedStore({ path, network });
    await store.close();
  });

  it("reads while writes are under way: what a reader sees before its acknowledgement is no broken record", async () => {
    const store = await openEmbeddedStore({ path, network });
    const writes: Promise<void>[] = [];
    let durable = 0;
    for (let at = 0; at < 100; at++) {
      const write = store.append([{ key: `event/${String(at).padStart(4, "0")}`, value: utf8("paid") }]);
      writes.push(write.then(() => void durable++));
      while (durable <= at - 1) {
        expect([...store.range("event/", { reverse: true, limit: 3 })][0]?.value).to.deep.equal(utf8("paid"));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await Promise.all(writes);
    await store.close();
  });

  it("RELIABILITY P7: refuses data of another network and changes nothing", async () => {
    await (await openEmbeddedStore({ path, network })).close();
    const before = dataOf();
    const error = (await refusal(openEmbeddedStore({ path, network: "sluicenet" }))) as StoreRefused;
    expect([error.code, error.message]).to.deep.equal([
      "wrong_network",
      `The data in ${path} is of regtest, not of sluicenet.`,
    ]);
    expect(dataOf()).to.equal(before);
  });

  it("RELIABILITY P5: refuses a copy that is older than what is known to have happened", async () => {
    const store = await openEmbeddedStore({ path, network });
    for (const text of ["1", "2"]) await store.append([{ key: "channel/a", value: utf8(text) }]);
    await store.append([{ key: "channel/a", value: utf8("3") }]);
    expect(store.sequence).to.equal(3n);
    await store.close();
    const error = await refusal(openEmbeddedStore({ path, network, atLeast: 4n }));
    expect(error).to.be.instanceOf(StoreRefused).with.property("code", "old_copy");
    const opened = await openEmbeddedStore({ path, network, atLeast: 3n });
    expect(opened.sequence).to.equal(3n);
    await opened.close();
  });
  it("says that there is no store at all where something is known to have happened", async () => {
    const error = await refusal(openEmbeddedStore({ path, network, atLeast: 4n }));
    expect(error).to.be.instanceOf(StoreRefused).with.property("code", "old_copy");
    expect((error as Error).message).to.equal(`There are no data in ${path}, but write 4 is known to have happened.`);
  });

  it("RELIABILITY P10: when the disk refuses a write it stops writing, and what was acknowledged is found again", async () => {
    const child = run("fill", "200");
    const { first, again, written } = await firstLine(child);
    await once(child, "close");
    expect(first).to.contain("File too large");
    expect(again).to.equal(first);
    const store = await openEmbeddedStore({ path, network });
    const keys = [...store.range("channel/")].map(({ key }) => key);
    expect(keys).to.have.length(written as number);
    expect(keys).to.have.length.above(5);
    await store.close();
  });
});
