import { openEmbeddedStore } from "../../../src/adapters/store/embedded.ts";

/** A process of its own over a store: `hold <path>` opens it and stays, `fill <path>` writes until the disk refuses. */
const [task, path = ""] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function fill(): Promise<void> {
  const store = await openEmbeddedStore({ path, network: "regtest" });
  let written = 0;
  try {
    for (; ; written++)
      await store.append([
        { key: `channel/${String(written).padStart(4, "0")}`, value: new Uint8Array(3000).fill(written) },
      ]);
  } catch (error) {
    const again = await store.append([{ key: "channel/again", value: new Uint8Array(1) }]).catch(messageOf);
    await store.close();
    say({ written, first: messageOf(error), again });
  }
}

// LMDB's binding rejects promises of its own beside the one of an append.
process.on("unhandledRejection", () => undefined);

try {
  if (task === "fill") await fill();
  else {
    await openEmbeddedStore({ path, network: "regtest" });
    say({ open: true });
    setInterval(() => {}, 1000);
  }
} catch (error) {
  say({ refused: messageOf(error) });
  process.exitCode = 1;
}
