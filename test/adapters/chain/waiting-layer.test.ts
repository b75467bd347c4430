import { expect } from "chai";
import { type WaitingLayer, waitingLayer as withSeeds } from "../../../src/adapters/chain/embedded/waiting-layer.ts";
import { TABLE_SEEDS } from "../../../src/base/byte-table.ts";

const waitingLayer = (): WaitingLayer =>
  withSeeds(Uint32Array.from({ length: TABLE_SEEDS }, (_, at) => at * 0x9e37_79b9));
const key = (number: number): Uint8Array => Uint8Array.of(number, 255 - number, 1);
const value = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 256);

describe("what waits for the disk", () => {
  it("gives back short and long values, the newest of each key", () => {
    const layer = waitingLayer();
    layer.put(key(1), value(5), false);
    layer.put(key(1), value(256), false);
    layer.put(key(2), value(257), false);
    const found = [1, 2, 3].map((number) => layer.get(key(number)));
    expect(found.map((bytes) => bytes && Uint8Array.from(bytes))).to.deep.equal([value(256), value(257), undefined]);
  });
  it("remembers that something is to be removed below", () => {
    const layer = waitingLayer();
    layer.remove(key(1));
    layer.put(key(2), value(1), false);
    layer.remove(key(2));
    expect([...layer.entries()].map(([name, entry]) => [name[0], entry])).to.deep.equal([
      [1, null],
      [2, null],
    ]);
  });
  it("forgets without a trace what was new and went again", () => {
    const layer = waitingLayer();
    layer.put(key(1), value(5), true);
    layer.put(key(1), value(6), false);
    layer.remove(key(1));
    expect([layer.get(key(1)), [...layer.entries()], layer.bytes]).to.deep.equal([undefined, [], 0]);
  });
  it("does not take for new what comes back after it was removed", () => {
    const layer = waitingLayer();
    layer.remove(key(1));
    layer.put(key(1), value(5), true);
    layer.remove(key(1));
    expect(layer.get(key(1))).to.equal(null);
  });
  it("goes through everything in the order in which it came", () => {
    const layer = waitingLayer();
    for (const number of [200, 3, 90]) layer.put(key(number), value(1), true);
    expect(Array.from(layer.entries(), ([name]) => name[0])).to.deep.equal([200, 3, 90]);
  });
  it("is empty when it was cleared, and then knows nothing of what was there", () => {
    const layer = waitingLayer();
    layer.put(key(1), value(300), true);
    layer.clear();
    layer.remove(key(1));
    expect([...layer.entries()].map(([name, entry]) => [name[0], entry])).to.deep.equal([[1, null]]);
  });
});
