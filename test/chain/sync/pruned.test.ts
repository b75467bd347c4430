import { expect } from "chai";
import {
  type BitcoinMessageOf,
  NODE_NETWORK,
  NODE_NETWORK_LIMITED,
  NODE_WITNESS,
} from "../../../src/bitcoin/messages.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, serveNext } from "../../../src/chain/sync/receive.ts";
import { bench, grow } from "../builder.ts";
import { NOW_MS, names, side } from "./wire.ts";

type Version = BitcoinMessageOf<"version">;
const greetingOf = (sync: ReturnType<typeof syncOf>): Version => {
  const [hello] = addPeer(sync, { inbound: false, nonce: 7n, now: NOW_MS }).effects;
  return (hello as { message: Version }).message;
};

describe("BIP 159: a pruned node among its peers", () => {
  const chain = bench();
  grow(chain, 300);
  const pruned = syncOf(chain.brain, undefined, "pruned");

  it("says that it serves the last blocks, and not that it serves all", () => {
    expect(greetingOf(pruned).services).to.equal(NODE_NETWORK_LIMITED | NODE_WITNESS);
    expect(greetingOf(syncOf(chain.brain)).services).to.equal(NODE_NETWORK | NODE_WITNESS);
  });
  it("serves the last 288 and two for those who are a little behind; of others it says that it lacks them", () => {
    const { peer } = addPeer(pruned, { inbound: true, nonce: 9n, now: NOW_MS });
    const served = (height: number): readonly string[] => {
      const { hash } = ancestorAt(chain.brain.chain.tip, height) as HeaderNode;
      peer.asked.push({ kind: "witness_block", id: hash });
      return names(serveNext(pruned, peer) ?? []);
    };
    expect([300, 12, 10, 9, 1].map((height) => served(height)[0])).to.deep.equal([
      "block",
      "block",
      "block",
      "notfound",
      "notfound",
    ]);
  });
  it("is dialled by those who need its blocks alone", () => {
    const meet = (height: number): readonly string[] => {
      const { sync, peer } = side(bench(), false, 9n, NOW_MS);
      return names(receive(sync, peer, { ...greetingOf(pruned), start_height: height }, NOW_MS));
    };
    expect([meet(288).includes("verack"), meet(289)]).to.deep.equal([true, ["Disconnect"]]);
  });
});
