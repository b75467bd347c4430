import { open } from "lmdb";
import { writeBehind } from "../../../src/adapters/chain/embedded/write-behind.ts";
import { utf8 } from "../../../src/base/bytes.ts";

/** A process of its own that commits 0, 1, 2 … without waiting, long values and short ones in turn, until the disk refuses. */
const COMMITS_MAX = 5_000;
const LONG_BYTES = 20_000;

process.on("unhandledRejection", () => undefined);
const env = open<Uint8Array, Uint8Array>({
  path: process.argv[2] ?? "",
  maxDbs: 2,
  encoding: "binary",
  keyEncoding: "binary",
});
const disk = writeBehind(env);
const numbers = disk.db("numbers");
let failure = "";
for (let number = 0; number < COMMITS_MAX && failure === ""; number++) {
  const value = new Uint8Array(number % 2 === 0 ? LONG_BYTES : 1);
  try {
    disk.commit(() => numbers.put(utf8(String(number).padStart(4, "0")), value));
  } catch (error) {
    failure = String(error);
  }
  if (number === 10) await disk.settled();
  if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
}
const settled = await disk.settled().then(
  () => "settled",
  () => "refused",
);
process.stdout.write(`${JSON.stringify({ settled })}\n`);
process.exit(0);
