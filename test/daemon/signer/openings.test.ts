import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { sat } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { localSigner } from "../../../src/daemon/signer/local-signer.ts";
import { keptMemories } from "../../../src/daemon/signer/memories.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { keepSigners, type SignersOf } from "../../../src/lab/signers.ts";
import type { Signer } from "../../../src/ports/signer.ts";
import type { Store } from "../../../src/ports/store.ts";
import { areElsewhere, elsewhere } from "../../support/signers.ts";
import { openInput, Puppet } from "../puppet.ts";
import { line, stranger } from "../small-world.ts";

/** Signers with disks of their own, and which channels of all nodes they hold. */
function noted() {
  const held = new Set<string>();
  const stores: Store[] = [];
  const signersOf: SignersOf = (words, keychain) => {
    const store = memoryDisk().open();
    stores.push(store);
    const open = (): Signer => {
      const signer = localSigner(keychain, CHAINS.regtest, keptMemories(store));
      return {
        ...signer,
        channel: (index, remembered) => {
          held.add(`${words} ${index}`);
          // As it comes over a socket.
          return signer.channel(index, remembered && { ...remembered });
        },
        forget: (index) => void held.delete(`${words} ${index}`),
      };
    };
    return { open, leave: () => {} };
  };
  const records = (): number => stores.reduce((sum, store) => sum + [...store.range("")].length, 0);
  return { held, records, signersOf };
}

describe("a signer of a node at which a stranger begins channels", () => {
  afterEach(() => keepSigners(areElsewhere ? (words) => elsewhere({ tag: "words", words }) : undefined));

  it("holds nothing of those that are refused, neither in memory nor on its disk", async () => {
    const { held, records, signersOf } = noted();
    keepSigners(signersOf);
    const { world, nodes } = await line(2);
    const node = nodes[0] as LabNode;
    const mallory = await stranger(world, node);
    const before = [held.size, records()];
    expect(before).to.deep.equal([2, 2]);
    for (let round = 0; round < 10; round++) {
      new Puppet(world, mallory, node, {
        say: (message) => (message.name === "open_channel" ? { ...message, dust_limit_satoshis: sat(1n) } : message),
        seed: String(round),
      }).give(openInput(round));
      await world.pass(100);
    }
    expect(mallory.of("error").length).to.equal(10);
    expect([held.size, records()]).to.deep.equal(before);
  });
});
