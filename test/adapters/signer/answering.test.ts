import { expect } from "chai";
import { FRESH_MEMORY, type SignerMemory } from "../../../channels/index.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { Answering } from "../../../src/adapters/signer/answering.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { localSigner } from "../../../src/daemon/signer/local-signer.ts";
import { keptMemories } from "../../../src/daemon/signer/memories.ts";
import { WORDS } from "../../contract/signer.ts";

describe("the answers of a signer", () => {
  it("forget the marks before the one that is kept, also when their numbers begin again", async () => {
    const memories = keptMemories(memoryDisk().open());
    const answering = new Answering(localSigner(keychainOf(WORDS, "regtest"), CHAINS.regtest, memories));
    const last = 2 ** 32 - 1;
    for (const mark of [last - 1, last, 0, 1]) answering.marked(mark);
    await answering.kept(last);
    await answering.kept(0);
    for (const gone of [last - 1, last])
      expect(() => void answering.kept(gone), `${gone}`).to.throw("what is kept was marked");
    await answering.kept(1);
  });
  it("wait for the disk with few marks, however many a node sets and keeps without hearing that they are", () => {
    const memories = keptMemories(memoryDisk({ sync: () => {} }).open());
    const answering = new Answering(localSigner(keychainOf(WORDS, "regtest"), CHAINS.regtest, memories));
    answering.answer({ tag: "open", index: 3, remembered: FRESH_MEMORY });
    const kept = (mark: number): void => {
      answering.answer({ tag: "secret", index: 3, number: BigInt(mark) });
      answering.marked(mark);
      void answering.kept(mark);
    };
    for (let mark = 0; mark < 64; mark++) kept(mark);
    expect(() => kept(64)).to.throw("marks are kept");
  });
  it("take no mark twice, for which the node would have more held", () => {
    const answering = new Answering(localSigner(keychainOf(WORDS, "regtest"), CHAINS.regtest));
    answering.marked(5);
    expect(() => answering.marked(5)).to.throw("a mark is set once");
  });
  it("hold a channel of which a node has a record, whatever it forgets: it cannot tell of more than it may have", () => {
    const memories = keptMemories(memoryDisk().open());
    const answering = new Answering(localSigner(keychainOf(WORDS, "regtest"), CHAINS.regtest, memories));
    const opened = (index: number, remembered: SignerMemory) =>
      answering.answer({ tag: "open", index, remembered }).tag;
    const recorded = { ...FRESH_MEMORY, revokedBelow: 1n };
    expect([opened(3, recorded), opened(4, FRESH_MEMORY)]).to.deep.equal(["opened", "opened"]);
    for (const index of [3, 4]) answering.forgotten(index);
    expect(() => opened(3, recorded)).to.throw("a channel is opened once");
    expect(opened(4, FRESH_MEMORY)).to.equal("opened");
  });
});
