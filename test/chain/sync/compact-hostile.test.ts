import { expect } from "chai";
import type { Block } from "../../../src/bitcoin/block.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { compactBlock } from "../../../src/chain/compact-block.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import type { Peer } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { bench, buildBlock, COIN, fakeOutpoint, give, grow, output, spend } from "../builder.ts";
import { among, NOW_MS, names, said, tx } from "./wire.ts";

const tell = (block: Block): BitcoinMessage => ({ name: "cmpctblock", ...compactBlock(block, 5n) });
const answer = (block: Block, ...txs: readonly Tx[]): BitcoinMessage => ({
  name: "blocktxn",
  block_hash: hashBlock(block).hash,
  txs,
});
/** One peer, chosen as an announcer, and a block of which the node lacks a transaction. */
function chosen() {
  const { chain, sync, peers } = among(1);
  const [peer] = peers as [Peer];
  sync.announcers.push(peer);
  const lacking = tx(chain.coins[0] as never, 1000n);
  const block = buildBlock(chain, { txs: [lacking] });
  return { chain, sync, peer, lacking, block };
}

describe("P2P: compact blocks of peers that may be hostile", () => {
  it("B16: a cmpctblock that comes twice asks once, and a blocktxn that comes twice is taken once", () => {
    const { chain, sync, peer, lacking, block } = chosen();
    expect(said(sync, peer, tell(block))).to.deep.equal(["getblocktxn"]);
    expect(said(sync, peer, tell(block))).to.deep.equal([]);
    expect(said(sync, peer, answer(block, lacking))[0]).to.equal("TipChanged");
    expect(chain.brain.chain.tip.hash).to.equal(hashBlock(block).hash);
    expect(said(sync, peer, answer(block, lacking))).to.deep.equal([]);
    expect(said(sync, peer, tell(block))).to.deep.equal([]);
    expect([peer.blocks.size, peer.partials.size]).to.deep.equal([0, 0]);
  });
  it("B16: a blocktxn that nobody asked for is passed over", () => {
    const { sync, peer, lacking, block } = chosen();
    expect(said(sync, peer, answer(block, lacking))).to.deep.equal([]);
  });
  it("B16: a wrong transaction makes it ask for the whole block, and a second answer changes nothing", () => {
    const { chain, sync, peer, lacking, block } = chosen();
    said(sync, peer, tell(block));
    const other = spend([fakeOutpoint(1)], [output(1n)]);
    const [whole] = receive(sync, peer, answer(block, other), NOW_MS);
    const inventory = [{ kind: "witness_block", id: hashBlock(block).hash }];
    expect(whole).to.deep.equal({ tag: "Send", peer, message: { name: "getdata", inventory } });
    expect(said(sync, peer, answer(block, lacking))).to.deep.equal([]);
    expect(said(sync, peer, { name: "block", block })).to.include("TipChanged");
    expect(chain.brain.chain.tip.hash).to.equal(hashBlock(block).hash);
  });
  it("asks for the whole block when a witness is another one than the block's, which the merkle root does not show", () => {
    const { chain, sync, peer, lacking, block } = chosen();
    const altered = { ...lacking, inputs: lacking.inputs.map((each) => ({ ...each, witness: [new Uint8Array(2)] })) };
    expect(txidOf(altered)).to.equal(txidOf(lacking));
    said(sync, peer, tell(block));
    const inventory = [{ kind: "witness_block", id: hashBlock(block).hash }];
    expect(receive(sync, peer, answer(block, altered), NOW_MS)).to.deep.equal([
      { tag: "Send", peer, message: { name: "getdata", inventory } },
    ]);
    expect(said(sync, peer, { name: "block", block })).to.include("TipChanged");
    expect(chain.brain.chain.tip.hash).to.equal(hashBlock(block).hash);
  });
  it("B16: asks at most three peers for one block, the third only when one of them was dialled", () => {
    const { sync, peers, chain } = among(5);
    const block = buildBlock(chain, { txs: [tx(chain.coins[0] as never, 1000n)] });
    sync.announcers.push(...peers);
    expect(peers.slice(0, 3).map((peer) => said(sync, peer, tell(block)))).to.deep.equal([
      ["getblocktxn"],
      ["getblocktxn"],
      [],
    ]);
    const { peer: dialled } = addPeer(sync, { inbound: false, nonce: 99n, now: NOW_MS });
    dialled.ready = true;
    sync.announcers.push(dialled);
    expect(said(sync, dialled, tell(block))).to.deep.equal(["getblocktxn"]);
    expect(said(sync, peers[4] as Peer, tell(block))).to.deep.equal([]);
  });
  it("B16: who withholds the rest is parted with after 30 seconds; whoever answers first has brought the block", () => {
    const { chain, sync, peers } = among(2);
    const [slow, quick] = peers as [Peer, Peer];
    sync.announcers.push(slow, quick);
    const lacking = tx(chain.coins[0] as never, 1000n);
    const block = buildBlock(chain, { txs: [lacking] });
    for (const peer of [slow, quick]) expect(said(sync, peer, tell(block))).to.deep.equal(["getblocktxn"]);
    expect(said(sync, quick, answer(block, lacking))).to.include("TipChanged");
    expect([slow.blocks.size, slow.partials.size]).to.deep.equal([0, 0]);
    const next = buildBlock(chain, { txs: [tx(chain.coins[1] as never, 1000n)] });
    said(sync, slow, tell(next));
    expect(names(tick(sync, NOW_MS + 30_000, 0n))).to.deep.equal(["Disconnect"]);
    expect(said(sync, slow, { name: "pong", nonce: 0n })).to.deep.equal([]);
    removePeer(sync, slow, NOW_MS + 30_000);
    expect(sync.announcers).to.deep.equal([quick]);
  });
  it("treats a compact block that was not asked for as the announcement of its header", () => {
    const { chain, sync, peers } = among(1);
    const [peer] = peers as [Peer];
    const block = buildBlock(chain);
    const [asked] = receive(sync, peer, tell(block), NOW_MS);
    const inventory = [{ kind: "compact_block", id: hashBlock(block).hash }];
    expect(asked).to.deep.equal({ tag: "Send", peer, message: { name: "getdata", inventory } });
    expect(said(sync, peer, tell(block))).to.include("TipChanged");
  });
  it("asks for the whole block when its tip has moved on before the compact one came", () => {
    const { chain, sync, peers } = among(1);
    const [peer] = peers as [Peer];
    const [block, rival] = [buildBlock(chain), buildBlock(chain)];
    expect(said(sync, peer, { name: "headers", headers: [block.header] })).to.deep.equal(["getdata"]);
    give(chain, rival);
    const inventory = [{ kind: "witness_block", id: hashBlock(block).hash }];
    expect(receive(sync, peer, tell(block), NOW_MS)).to.deep.equal([
      { tag: "Send", peer, message: { name: "getdata", inventory } },
    ]);
  });
  it("asks for a block whole that is not the next one", () => {
    const { chain, sync, peers } = among(2);
    const [a, b] = peers as [Peer, Peer];
    const ahead = bench();
    for (const { hash } of [...chain.brain.chain.index.tree.nodes.values()].slice(1))
      give(ahead, chain.storage.block(hash) as Block);
    grow(ahead, 2);
    const headers = [...ahead.brain.chain.index.tree.nodes.values()].slice(-2).map(({ header }) => header);
    const kinds = (peer: Peer, told: typeof headers) =>
      receive(sync, peer, { name: "headers", headers: told }, NOW_MS).flatMap((effect) =>
        effect.tag === "Send" && effect.message.name === "getdata"
          ? effect.message.inventory.map(({ kind }) => kind)
          : [],
      );
    expect(kinds(a, headers.slice(0, 1))).to.deep.equal(["compact_block"]);
    expect(kinds(b, headers)).to.deep.equal(["witness_block"]);
  });
  it("parts with who sends a header without its work, a block of no transactions, or too few of those asked for", () => {
    const { sync, peer, block } = chosen();
    const easy = { ...block, header: { ...block.header, bits: 0x207ffffe } };
    expect(said(sync, peer, tell(easy))).to.deep.equal(["Disconnect"]);
    expect(said(sync, peer, { ...tell(block), short_ids: [], prefilled: [] } as BitcoinMessage)).to.deep.equal([
      "Disconnect",
    ]);
    said(sync, peer, tell(block));
    expect(said(sync, peer, answer(block))).to.deep.equal(["Disconnect"]);
  });
  it("asks for the way to a block whose parent it does not know", () => {
    const far = bench();
    grow(far, 3);
    const { sync, peer } = chosen();
    expect(said(sync, peer, tell(buildBlock(far)))).to.deep.equal(["getheaders"]);
  });
  it("does not blame who passed on an invalid block compactly, and does not follow it", () => {
    const { chain, sync, peers } = among(1);
    const [peer] = peers as [Peer];
    sync.announcers.push(peer);
    const { tip } = chain.brain.chain;
    const greedy = spend([chain.coins[0] as never], [output(COIN + 1n)]);
    const bad = buildBlock(chain, { txs: [greedy] });
    said(sync, peer, tell(bad));
    expect(said(sync, peer, answer(bad, greedy))).to.deep.equal([]);
    expect(chain.brain.chain.tip).to.equal(tip);
    expect(said(sync, peer, tell(bad))).to.deep.equal(["Disconnect"]);
  });
});
