import { expect } from "chai";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { takeTx } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { announceTip } from "../../../src/chain/sync/announce.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import type { Peer } from "../../../src/chain/sync/peer.ts";
import { receive, serveNext } from "../../../src/chain/sync/receive.ts";
import { type Bench, bench, buildBlock, give, grow, matured, NOW } from "../builder.ts";
import { alone, among, NOW_MS, names, said, tx, Wire } from "./wire.ts";

interface Nodes {
  readonly a: ReturnType<typeof matured>;
  readonly b: Bench;
  readonly wire: Wire;
}
/** Two nodes whose chains are one, with some coins; neither wants to hear of blocks compactly without asking. */
function pair(): Nodes {
  const a = matured(3);
  const b = bench();
  const nodes = { a, b, wire: new Wire(b, a).run() };
  mine(nodes);
  nodes.wire.sides[0].sync.announcers.length = 0;
  nodes.wire.sides[1].peer.compact = "low";
  nodes.wire.log.length = 0;
  return nodes;
}
/** Node `a` mines a block of these transactions and tells of it. */
function mine({ a, wire }: Nodes, txs: readonly Tx[] = []): void {
  grow(a, 1, { txs });
  wire.perform(1, announceTip(wire.sides[1].sync));
  wire.run();
}

describe("P2P: compact blocks between two nodes", () => {
  it("fetches the next block as a compact one, and needs no more when its transactions wait in the mempool", () => {
    const nodes = pair();
    const waiting = tx(nodes.a.coins[0] as never, 1000n);
    for (const node of [nodes.a, nodes.b]) takeTx(node.brain, waiting, NOW);
    mine(nodes, [waiting]);
    expect(nodes.wire.log).to.deep.equal(["1:headers", "0:getdata", "1:cmpctblock", "0:sendcmpct"]);
    expect(nodes.b.brain.chain.tip.hash).to.equal(nodes.a.brain.chain.tip.hash);
  });
  it("asks for the transactions that it lacks, and for no others", () => {
    const nodes = pair();
    const [known, unknown] = nodes.a.coins.map((coin) => tx(coin, 1000n)) as [Tx, Tx];
    takeTx(nodes.b.brain, known, NOW);
    mine(nodes, [known, unknown]);
    expect(nodes.wire.log).to.deep.equal([
      "1:headers",
      "0:getdata",
      "1:cmpctblock",
      "0:getblocktxn",
      "1:blocktxn",
      "0:sendcmpct",
    ]);
    expect(nodes.b.brain.chain.tip.hash).to.equal(nodes.a.brain.chain.tip.hash);
    expect(nodes.wire.sides[0].peer.blocks.size + nodes.wire.sides[0].peer.partials.size).to.equal(0);
  });
  it("hears the next ones from who brought the last one at once, without asking", () => {
    const nodes = pair();
    mine(nodes);
    nodes.wire.log.length = 0;
    mine(nodes);
    mine(nodes);
    expect(nodes.wire.log).to.deep.equal(["1:cmpctblock", "1:cmpctblock"]);
    expect(nodes.b.brain.chain.tip.hash).to.equal(nodes.a.brain.chain.tip.hash);
  });
  it("is told by headers, not by a block whose parent it may lack", () => {
    const nodes = pair();
    mine(nodes);
    nodes.wire.log.length = 0;
    grow(nodes.a, 1);
    mine(nodes);
    expect(nodes.wire.log[0]).to.equal("1:headers");
    expect(nodes.b.brain.chain.tip.hash).to.equal(nodes.a.brain.chain.tip.hash);
  });
});

describe("P2P: who announces compactly", () => {
  it("is the last three peers that brought the newest block, one that we dialled always among them", () => {
    const { chain, sync, peers } = among(4);
    const { peer: dialled } = addPeer(sync, { inbound: false, nonce: 99n, now: NOW_MS });
    dialled.ready = true;
    dialled.compact = "low";
    const bring = (peer: Peer) =>
      receive(sync, peer, { name: "block", block: buildBlock(chain) }, NOW_MS).flatMap((effect) =>
        effect.tag === "Send" && effect.message.name === "sendcmpct" ? [[effect.peer, effect.message.announce]] : [],
      );
    const [a, b, c, d] = peers as [Peer, Peer, Peer, Peer];
    expect(bring(dialled)).to.deep.equal([[dialled, true]]);
    expect(bring(a)).to.deep.equal([[a, true]]);
    expect(bring(b)).to.deep.equal([[b, true]]);
    expect(bring(a)).to.deep.equal([]);
    expect(bring(c)).to.deep.equal([
      [b, false],
      [c, true],
    ]);
    expect(bring(d)).to.deep.equal([
      [a, false],
      [d, true],
    ]);
    expect(sync.announcers).to.deep.equal([dialled, c, d]);
  });
  it("is nobody who does not speak compact blocks of version 2", () => {
    const { chain, sync, peers } = among(1);
    const [peer] = peers as [Peer];
    peer.compact = "none";
    said(sync, peer, { name: "sendcmpct", announce: true, version: 1n });
    expect(peer.compact).to.equal("none");
    expect(said(sync, peer, { name: "block", block: buildBlock(chain) })).not.to.include("sendcmpct");
    const { header } = buildBlock(chain);
    const [asked] = receive(sync, peer, { name: "headers", headers: [header] }, NOW_MS);
    expect(asked).to.have.nested.property("message.inventory[0].kind", "witness_block");
  });
});

describe("P2P: serving compact blocks", () => {
  const served = (depth: number) => {
    const chain = matured(1);
    const { sync, peer, say } = alone(chain);
    const { tip } = chain.brain.chain;
    const node = ancestorAt(tip, tip.height - depth) ?? tip;
    return { chain, sync, peer, say, hash: node.hash };
  };
  it("tells of the last blocks compactly, five below the tip at most, and sends older ones whole", () => {
    const answered = (depth: number) => {
      const { sync, peer, say, hash } = served(depth);
      say({ name: "getdata", inventory: [{ kind: "compact_block", id: hash }] });
      return names(serveNext(sync, peer) ?? []);
    };
    expect([answered(0), answered(5), answered(6)]).to.deep.equal([["cmpctblock"], ["cmpctblock"], ["block"]]);
  });
  it("sends a block whole that is not in its best chain", () => {
    const { chain, sync, peer, say } = served(0);
    const stale = buildBlock(chain, { previous: chain.brain.chain.tip.previous as never });
    give(chain, stale);
    say({ name: "getdata", inventory: [{ kind: "compact_block", id: hashBlock(stale).hash }] });
    expect(names(serveNext(sync, peer) ?? [])).to.deep.equal(["block"]);
  });
  it("sends single transactions of blocks ten below the tip at most, and older blocks whole", () => {
    const answered = (depth: number) => {
      const { sync, peer, say, hash } = served(depth);
      const first = names(say({ name: "getblocktxn", block_hash: hash, indexes: [0] }));
      return [...first, ...names(serveNext(sync, peer) ?? [])];
    };
    expect([answered(0), answered(10), answered(11)]).to.deep.equal([["blocktxn"], ["blocktxn"], ["block"]]);
  });
  it("parts with who asks for transactions that the block does not have, and passes over blocks that it lacks", () => {
    const { say, hash } = served(0);
    expect(names(say({ name: "getblocktxn", block_hash: hash, indexes: [1] }))).to.deep.equal(["Disconnect"]);
    expect(say({ name: "getblocktxn", block_hash: "99".repeat(32) as never, indexes: [0] })).to.deep.equal([]);
  });
  it("makes one compact block for all who want the same, and another nonce for each block", () => {
    const { chain, sync, peers } = among(2);
    for (const peer of peers) said(sync, peer, { name: "sendcmpct", announce: true, version: 2n });
    const announced = () => {
      grow(chain, 1);
      return announceTip(sync).flatMap((effect) => (effect.tag === "Send" ? [effect.message] : []));
    };
    for (const peer of peers) peer.told = chain.brain.chain.tip;
    const [first, second] = [announced(), announced()];
    expect(first.map(({ name }) => name)).to.deep.equal(["cmpctblock", "cmpctblock"]);
    expect(first[0]).to.equal(first[1]);
    const nonces = [first, second].map(([message]) => message?.name === "cmpctblock" && message.nonce);
    expect(nonces[0]).not.to.equal(nonces[1]);
  });
});
