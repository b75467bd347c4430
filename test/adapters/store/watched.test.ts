import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { watched } from "../../../src/adapters/store/watched.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { storeContract } from "../../contract/store.ts";

storeContract(
  "watched",
  async () => {
    const disk = memoryDisk();
    const open = () => watched(disk.open(), () => {});
    let store: ReturnType<typeof open> | undefined;
    return {
      open: async () => {
        await store?.close();
        store = open();
        return store;
      },
      fail: () => {
        const error = new Error("EIO: i/o error, fdatasync");
        disk.fail(error);
        return error;
      },
      breakBit: async (key, bit) => {
        await store?.close();
        store = undefined;
        disk.flipBit(key, bit);
      },
      dispose: async () => {},
    };
  },
  { failsOnCommand: true },
);

describe("RELIABILITY P10: a watched store", () => {
  it("tells once of a refused write, before whoever appended hears of it", async () => {
    const disk = memoryDisk();
    const said: string[] = [];
    const store = watched(disk.open(), ({ message }) => said.push(`refused: ${message}`));
    const append = (key: string) =>
      store.append([{ key, value: utf8("x") }]).then(
        () => said.push(key),
        ({ message }: Error) => said.push(`${key}: ${message}`),
      );
    await append("a");
    disk.fail(new Error("EIO"));
    await Promise.all([append("b"), append("c")]);
    await append("d");
    expect(said).to.deep.equal(["a", "refused: EIO", "b: EIO", "c: EIO", "d: EIO"]);
  });
});
