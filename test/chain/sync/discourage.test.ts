import { expect } from "chai";
import { type Block, blockHashOf } from "../../../src/bitcoin/block.ts";
import { INVENTORY_MAX } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive } from "../../../src/chain/sync/receive.ts";
import { type Bench, bench, buildBlock, COIN, fakeOutpoint, grow, matured, output, solve, spend } from "../builder.ts";
import { alone, NOW_MS } from "./wire.ts";

const partings = (effects: readonly SyncEffect[]) =>
  effects.flatMap((effect) => (effect.tag === "Disconnect" ? [[effect.reason, effect.misbehaved ?? false]] : []));
/** The kinds of all changes that a storage takes from now on. */
function changesOf({ brain }: Bench): string[] {
  const changes: string[] = [];
  const { storage } = brain.chain;
  const { commit } = storage;
  Object.assign(storage, {
    commit: (change: Parameters<typeof commit>[0]) => {
      changes.push(change.tag);
      commit(change);
    },
  });
  return changes;
}

describe("P2P: misbehaviour", () => {
  it("is a header or a block that breaks a rule, a question for too much, or headers that fit nowhere", () => {
    const chain = matured(1);
    const greedy = buildBlock(chain, { txs: [spend(chain.coins, [output(COIN + 1n)])] });
    expect(partings(alone(chain).say({ name: "block", block: greedy }))).to.deep.equal([
      ["bad-txns-in-belowout", true],
    ]);
    const { header } = buildBlock(chain);
    const easy = { ...header, bits: 0x207ffffe };
    expect(partings(alone(chain).say({ name: "headers", headers: [easy] }))[0]?.[1]).to.equal(true);
    const { say } = alone(chain);
    const inventory = Array.from({ length: INVENTORY_MAX }, () => ({ kind: "tx", id: fakeOutpoint(1).txid }) as const);
    say({ name: "getdata", inventory });
    expect(partings(say({ name: "getdata", inventory }))).to.deep.equal([["asks for too much", true]]);
    const far = bench();
    grow(far, 3);
    const lost = alone(bench());
    const told = { name: "headers", headers: [buildBlock(far).header] } as const;
    const answers = Array.from({ length: 11 }, () => partings(lost.say(told)));
    expect(answers.at(-1)).to.deep.equal([["prev-blk-not-found", true]]);
  });
  it("is not to say something twice, nor to lack a block", () => {
    const chain = matured(1);
    const { say } = alone(chain);
    const block = buildBlock(chain);
    say({ name: "headers", headers: [block.header] });
    const inventory = [{ kind: "witness_block", id: blockHashOf(block.header) } as const];
    expect(partings(say({ name: "notfound", inventory }))).to.deep.equal([["lacks a block that it announced", false]]);
    expect(partings(say({ name: "verack" }))).to.deep.equal([["second verack", false]]);
  });
});

describe("P2P: invalid blocks", () => {
  it("B17: 100,000 without their work leave nothing in the storage", () => {
    const chain = bench({ ...CHAINS.mainnet, minimumWork: 0n });
    const { genesis } = chain.params;
    const changes = changesOf(chain);
    const sync = syncOf(chain.brain);
    const reasons = new Set<unknown>();
    for (let nonce = 0; nonce < 100_000; nonce++) {
      const { peer } = addPeer(sync, { inbound: true, nonce: 1n, now: NOW_MS });
      peer.ready = true;
      const header = { ...genesis.header, previous: chain.params.genesisHash, nonce };
      const effects = receive(sync, peer, { name: "block", block: { header, txs: [] } }, NOW_MS);
      for (const each of partings(effects)) reasons.add(each.join());
      sync.peers.delete(peer);
    }
    expect([changes, [...reasons], chain.brain.chain.index.tree.nodes.size]).to.deep.equal([[], ["high-hash,true"], 1]);
  });
  it("B17: with their work, but other transactions than the header commits to, they leave the header at most", () => {
    const chain = matured(1);
    const changes = changesOf(chain);
    const sync = syncOf(chain.brain);
    for (let count = 0; count < 100; count++) {
      const { peer } = addPeer(sync, { inbound: true, nonce: 1n, now: NOW_MS });
      peer.ready = true;
      const good = buildBlock(chain);
      const block: Block = solve({ ...good, header: { ...good.header, merkleRoot: new Uint8Array(32).fill(count) } });
      const effects = receive(sync, peer, { name: "block", block }, NOW_MS);
      expect(partings(effects)).to.deep.equal([["bad-txnmrklroot", true]]);
      sync.peers.delete(peer);
    }
    expect(new Set(changes)).to.deep.equal(new Set(["Headers"]));
  });
});
