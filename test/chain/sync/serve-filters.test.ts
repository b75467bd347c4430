import { expect } from "chai";
import type { BlockHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { type BitcoinMessage, NODE_COMPACT_FILTERS } from "../../../src/bitcoin/messages.ts";
import { type FilterIndex, filterMessage, followFilters, openFilters } from "../../../src/chain/filters.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { memoryFilterStorage } from "../../../src/chain/memory-storage.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, serveNext } from "../../../src/chain/sync/receive.ts";
import { type Bench, bench, grow } from "../builder.ts";
import { NOW_MS, names } from "./wire.ts";

const hashAt = ({ brain }: Bench, height: number): BlockHash =>
  present(ancestorAt(brain.chain.tip, height), "a height").hash;

/** A node that keeps filters, and a peer of it that is the test. */
function serving(chain: Bench, indexed = 10_000) {
  const index: FilterIndex = openFilters(chain.brain.chain.index.tree, memoryFilterStorage());
  followFilters(index, chain.brain.chain, indexed);
  const sync = syncOf(chain.brain, index);
  const { peer } = addPeer(sync, { inbound: true, nonce: 1n, now: NOW_MS });
  peer.ready = true;
  return { index, sync, peer, say: (message: BitcoinMessage) => receive(sync, peer, message, NOW_MS) };
}

describe("P2P: filters served to light clients. BIP 157 §Node Operation", () => {
  const chain = bench();
  before(() => grow(chain, 30));
  const range = (start_height: number, stop: number, filter_type = 0) => ({
    filter_type,
    start_height,
    stop_hash: hashAt(chain, stop),
  });

  it("answers getcfheaders and getcfcheckpt at once", () => {
    const { say } = serving(chain);
    expect(names(say({ name: "getcfheaders", ...range(3, 9) }))).to.deep.equal(["cfheaders"]);
    expect(names(say({ name: "getcfcheckpt", filter_type: 0, stop_hash: hashAt(chain, 9) }))).to.deep.equal([
      "cfcheckpt",
    ]);
  });
  it("sends filters one at a time, when the host has room, behind the blocks that were asked for", () => {
    const { index, sync, peer, say } = serving(chain);
    expect(say({ name: "getcfilters", ...range(3, 5) })).to.deep.equal([]);
    say({ name: "getdata", inventory: [{ kind: "witness_block", id: hashAt(chain, 2) }] });
    expect(names(serveNext(sync, peer) ?? [])).to.deep.equal(["block"]);
    for (const height of [3, 4, 5]) {
      const message = filterMessage(index, hashAt(chain, height));
      expect(serveNext(sync, peer)).to.deep.equal([{ tag: "Send", peer, message }]);
    }
    expect(serveNext(sync, peer)).to.equal(undefined);
  });
  it("passes over a block that it does not know or has no filter of yet", () => {
    const { say } = serving(chain, 5);
    expect(say({ name: "getcfheaders", ...range(3, 9) })).to.deep.equal([]);
    expect(say({ name: "getcfilters", ...range(3, 9), stop_hash: "99".repeat(32) as BlockHash })).to.deep.equal([]);
  });
  it("parts with a peer that asks what no light client asks, or for too much at once", () => {
    const { say, peer } = serving(chain);
    const parting = (message: BitcoinMessage): readonly string[] => names(say(message));
    expect(parting({ name: "getcfilters", ...range(9, 3) })).to.deep.equal(["Disconnect"]);
    expect(parting({ name: "getcfheaders", ...range(3, 9, 7) })).to.deep.equal(["Disconnect"]);
    let asked = 0;
    while (parting({ name: "getcfilters", ...range(1, 30) }).length === 0 && asked < 1_000) asked++;
    expect(asked).to.equal(66);
    expect(peer.askedFilters).to.have.lengthOf(1_980);
  });
  it("says NODE_COMPACT_FILTERS only once all blocks have filters, and nothing without any", () => {
    const servicesOf = (sync: ReturnType<typeof syncOf>): bigint | undefined => {
      const [effect] = addPeer(sync, { inbound: false, nonce: 2n, now: NOW_MS }).effects;
      return effect?.tag === "Send" && effect.message.name === "version" ? effect.message.services : undefined;
    };
    const signals = [serving(chain), serving(chain, 5), { sync: syncOf(chain.brain) }].map(
      ({ sync }) => (servicesOf(sync) ?? 0n) & NODE_COMPACT_FILTERS,
    );
    expect(signals).to.deep.equal([NODE_COMPACT_FILTERS, 0n, 0n]);
  });
  it("answers no filter question when it keeps none", () => {
    const sync = syncOf(chain.brain);
    const { peer } = addPeer(sync, { inbound: true, nonce: 1n, now: NOW_MS });
    peer.ready = true;
    expect(receive(sync, peer, { name: "getcfilters", ...range(3, 5) }, NOW_MS)).to.deep.equal([]);
  });
});
