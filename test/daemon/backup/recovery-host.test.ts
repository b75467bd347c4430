import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { blockHash } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { RecoveryHost, type RecoveryParts } from "../../../src/daemon/backup/recovery-host.ts";
import { KEY } from "../../../src/daemon/records.ts";
import type { Turn } from "../../../src/daemon/turn.ts";
import type { ChainEvent } from "../../../src/ports/chain-source.ts";
import { StoreCorrupt } from "../../../src/ports/store.ts";

const TIP = 900;
/** A node of which only the search for its wallet is there; `run` starts it on what is on its disk. */
class Searching {
  readonly disk = new Map<string, Uint8Array>();
  readonly #turn = {
    put: (key: string, value: Uint8Array | undefined) =>
      void (value === undefined ? this.disk.delete(key) : this.disk.set(key, value)),
  } as unknown as Turn;
  #host!: RecoveryHost;
  #asked: number[] = [];

  run(): readonly number[] {
    this.#asked = [];
    const parts = {
      ctx: { store: { get: (key: string) => this.disk.get(key) }, chain: { tip: () => ({ height: TIP }) } },
      wallet: { rescan: (_turn: Turn, from: number) => void this.#asked.push(from) },
      wordsWereUsed: false,
    } as unknown as RecoveryParts;
    this.#host = new RecoveryHost(parts);
    this.#host.start(this.#turn);
    return this.#asked;
  }
  search(from: number): readonly number[] {
    this.#host.search(this.#turn, blockHeight(from));
    return this.#asked;
  }
  block(height: number): void {
    const [block, previous] = [{ height: blockHeight(height), hash: NO_HASH }, NO_HASH];
    const event: ChainEvent = { tag: "BlockConnected", block, previous, time: 0 };
    this.#host.chainEvent(this.#turn, event);
  }
}
const NO_HASH = blockHash(new Uint8Array(32));

describe("A search for what the wallet owns", () => {
  it("that was asked for by hand goes on from its block after a restart, until six blocks at the tip have come", () => {
    const node = new Searching();
    expect(node.run()).to.deep.equal([]);
    expect(node.search(700)).to.deep.equal([700]);
    expect(node.run()).to.deep.equal([700]);
    for (let count = 0; count < 5; count++) node.block(TIP);
    node.block(TIP - 1);
    for (let count = 0; count < 5; count++) node.block(TIP);
    expect(node.run()).to.deep.equal([700]);
    for (let count = 0; count < 6; count++) node.block(TIP);
    expect(node.run()).to.deep.equal([]);
  });
  it("goes on from the lowest of all blocks from which it was asked for, and anew with each of them", () => {
    const node = new Searching();
    node.run();
    node.search(700);
    expect(node.search(800)).to.deep.equal([700, 700]);
    for (let count = 0; count < 5; count++) node.block(TIP);
    expect(node.search(300)).to.deep.equal([700, 700, 300]);
    node.block(TIP);
    expect(node.run()).to.deep.equal([300]);
  });
  it("is kept as it ever was: bytes that are frozen, and of a search for used words none at all", () => {
    const node = new Searching();
    node.run();
    node.search(700);
    expect(toHex(node.disk.get(KEY.recovering) ?? new Uint8Array(0))).to.equal("01000002bc");
    node.disk.set(KEY.recovering, new Uint8Array(0));
    expect(node.run()).to.deep.equal([0]);
    node.disk.set(KEY.recovering, Uint8Array.of(1, 2));
    expect(() => node.run()).to.throw(StoreCorrupt);
  });
});
