import { expect } from "chai";
import type { BlockHash, FilterHeader } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { basicFilter, filterHashOf, filterHeaderOf, matchesAny, NO_FILTER_HEADER } from "../../src/bitcoin/filter.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { readBlock } from "../../src/chain/chain.ts";
import type { FilterChange, FilterStorage } from "../../src/chain/filter-storage.ts";
import {
  answerCheckpoints,
  answerFilterHeaders,
  answerFilters,
  type FilterIndex,
  filterMessage,
  followFilters,
  openFilters,
} from "../../src/chain/filters.ts";
import { ancestorAt, type HeaderNode } from "../../src/chain/headers.ts";
import { memoryFilterStorage } from "../../src/chain/memory-storage.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  give,
  grow,
  input,
  matured,
  outpointOf,
  output,
  spend,
} from "./builder.ts";

const ALL = 10_000;
/** A storage that shows what was committed. */
function recorded(): FilterStorage & { readonly changes: FilterChange[] } {
  const storage = memoryFilterStorage();
  const changes: FilterChange[] = [];
  return {
    ...storage,
    changes,
    commit: (change) => {
      changes.push(change);
      storage.commit(change);
    },
  };
}
const indexOf = ({ brain }: Bench, storage = memoryFilterStorage()): FilterIndex =>
  openFilters(brain.chain.index.tree, storage);
const at = ({ brain }: Bench, height: number): HeaderNode => present(ancestorAt(brain.chain.tip, height), "a height");

/** Filter headers of a whole chain, from its blocks and what they spent, without an index. */
function recomputed(chain: Bench, tip: HeaderNode = chain.brain.chain.tip): readonly FilterHeader[] {
  const headers: FilterHeader[] = [];
  for (let height = 0; height <= tip.height; height++) {
    const node = present(ancestorAt(tip, height), "a height");
    const spent = (chain.storage.undo(node.hash) ?? []).map((coin) => coin.output.script);
    const filter = basicFilter(node.hash, readBlock(chain.brain.chain, node).txs, spent);
    headers.push(filterHeaderOf(filterHashOf(filter), headers.at(-1) ?? NO_FILTER_HEADER));
  }
  return headers;
}
const told = (index: FilterIndex, stop: HeaderNode, start = 0) => {
  const answer = answerFilterHeaders(index, { filter_type: 0, start_height: start, stop_hash: stop.hash });
  return answer.ok ? answer.value : expect.fail(answer.error);
};
/** The filter headers that a `cfheaders` stands for. */
function derived({ previous_filter_header, filter_hashes }: ReturnType<typeof told>): readonly FilterHeader[] {
  let header = previous_filter_header;
  return filter_hashes.map((hash) => {
    header = filterHeaderOf(hash, header);
    return header;
  });
}

describe("filter index: following the chain", () => {
  it("has a filter for every block from genesis on, which matches what the block pays and spends", () => {
    const chain = matured(1);
    const only = p2wshOf(script(2n));
    const paying = spend(chain.coins, [output(COIN, only)]);
    const back = spend([], [output(COIN)], { inputs: [input(outpointOf(paying), { witness: [script(2n)] })] });
    grow(chain, 1, { txs: [paying] });
    grow(chain, 1, { txs: [back] });
    const index = indexOf(chain);
    expect(followFilters(index, chain.brain.chain, ALL)).to.equal(true);
    expect(derived(told(index, chain.brain.chain.tip))).to.deep.equal(recomputed(chain));
    const matched = [2, 1, 0].map((below) => {
      const { hash } = at(chain, chain.brain.chain.tip.height - below);
      return matchesAny(filterMessage(index, hash)?.filter ?? new Uint8Array(0), hash, [only]);
    });
    expect(matched).to.deep.equal([false, true, true].map((value) => ({ ok: true, value })));
  });
  it("comes up a bounded number of blocks at a time, and goes on where it was after a restart", () => {
    const chain = bench();
    grow(chain, 9);
    const storage = recorded();
    const index = indexOf(chain, storage);
    expect(followFilters(index, chain.brain.chain, 4)).to.equal(false);
    expect(index.tip?.height).to.equal(3);
    const again = indexOf(chain, storage);
    expect(again.tip?.height).to.equal(3);
    expect(followFilters(again, chain.brain.chain, 4)).to.equal(false);
    expect(followFilters(again, chain.brain.chain, 4)).to.equal(true);
    expect(followFilters(again, chain.brain.chain, 4)).to.equal(true);
    expect(storage.changes.map(({ entries }) => entries.length)).to.deep.equal([4, 4, 2]);
    expect(derived(told(again, chain.brain.chain.tip))).to.deep.equal(recomputed(chain));
  });
  it("begins anew when its storage speaks of blocks that are not there", () => {
    const chain = bench();
    const storage = memoryFilterStorage();
    storage.commit({ entries: [], tip: "99".repeat(32) as BlockHash });
    const index = indexOf(chain, storage);
    expect(followFilters(index, chain.brain.chain, ALL)).to.equal(true);
    expect(derived(told(index, chain.brain.chain.tip))).to.deep.equal(recomputed(chain));
  });
  it("follows a reorganisation from the fork on, keeps the branch left behind, and computes nothing twice", () => {
    const chain = bench();
    grow(chain, 5);
    const storage = recorded();
    const index = indexOf(chain, storage);
    followFilters(index, chain.brain.chain, ALL);
    const old = chain.brain.chain.tip;
    let previous = at(chain, 3);
    const extend = (from: HeaderNode): HeaderNode => {
      const block = buildBlock(chain, { previous: from });
      give(chain, block);
      return [...chain.brain.chain.index.tree.nodes.values()].at(-1) ?? expect.fail("a header");
    };
    for (let i = 0; i < 3; i++) previous = extend(previous);
    expect(chain.brain.chain.tip).to.equal(previous);
    expect(followFilters(index, chain.brain.chain, ALL)).to.equal(true);
    expect(derived(told(index, previous))).to.deep.equal(recomputed(chain));
    expect(derived(told(index, old))).to.deep.equal(recomputed(chain, old));
    let back = old;
    for (let i = 0; i < 2; i++) back = extend(back);
    followFilters(index, chain.brain.chain, ALL);
    expect(storage.changes.map(({ entries }) => entries.length)).to.deep.equal([6, 3, 2]);
    expect(derived(told(index, back))).to.deep.equal(recomputed(chain));
  });
});

describe("filter index: answers to BIP 157 §New Messages", () => {
  const chain = bench();
  const index = indexOf(chain);
  let headers: readonly FilterHeader[] = [];
  before(function () {
    this.timeout(60_000);
    grow(chain, 2003);
    followFilters(index, chain.brain.chain, ALL);
    headers = recomputed(chain);
  });
  const range = (start_height: number, stop: number) => ({
    filter_type: 0,
    start_height,
    stop_hash: at(chain, stop).hash,
  });
  it("getcfheaders: the hashes of the range, behind the header of the block before it", () => {
    const answer = told(index, at(chain, 30), 11);
    expect(answer.previous_filter_header).to.equal(headers[10]);
    expect(derived(answer)).to.deep.equal(headers.slice(11, 31));
    expect(told(index, at(chain, 0)).previous_filter_header).to.equal("0".repeat(64));
  });
  it("getcfheaders: at most 2,000 blocks, and none backwards", () => {
    const count = (start: number, stop: number) => {
      const answer = answerFilterHeaders(index, range(start, stop));
      return answer.ok ? answer.value.filter_hashes.length : answer.error;
    };
    expect([count(1, 2000), count(4, 2003), count(0, 2000), count(5, 5), count(6, 5)]).to.deep.equal([
      2000,
      2000,
      "bad_range",
      1,
      "bad_range",
    ]);
    expect(count(0xffff_ffff, 5)).to.equal("bad_range");
  });
  it("getcfilters: at most 1,000 blocks, one filter each, oldest first", () => {
    const answer = answerFilters(index, range(3, 5));
    expect(answer).to.deep.equal({ ok: true, value: [3, 4, 5].map((height) => at(chain, height).hash) });
    expect(answerFilters(index, range(1, 1001))).to.deep.equal({ ok: false, error: "bad_range" });
    expect(answerFilters(index, range(1, 1000)).ok).to.equal(true);
    expect(filterMessage(index, "99".repeat(32) as BlockHash)).to.equal(undefined);
  });
  it("getcfcheckpt: the headers at 1,000, 2,000 and so on, also for a block that left the chain", () => {
    const points = (node: HeaderNode) => {
      const answer = answerCheckpoints(index, { filter_type: 0, stop_hash: node.hash });
      return answer.ok ? answer.value.filter_headers : answer.error;
    };
    expect(points(chain.brain.chain.tip)).to.deep.equal([headers[1000], headers[2000]]);
    expect(points(at(chain, 2000))).to.deep.equal([headers[1000], headers[2000]]);
    expect(points(at(chain, 1999))).to.deep.equal([headers[1000]]);
    expect(points(at(chain, 999))).to.deep.equal([]);
    expect(indexOf(chain, index.storage).checkpoints).to.deep.equal([headers[1000], headers[2000]]);
    const old = chain.brain.chain.tip;
    let previous = at(chain, 1998);
    while (chain.brain.chain.tip === old) {
      const block = buildBlock(chain, { previous });
      give(chain, block);
      previous = [...chain.brain.chain.index.tree.nodes.values()].at(-1) ?? previous;
    }
    followFilters(index, chain.brain.chain, ALL);
    expect(points(chain.brain.chain.tip)).to.deep.equal([headers[1000], recomputed(chain)[2000]]);
    expect(points(old)).to.deep.equal([headers[1000], headers[2000]]);
    expect(recomputed(chain)[2000]).not.to.equal(headers[2000]);
  });
  it("answers nothing for another type, a block that nobody knows, or one that was never connected", () => {
    const { hash } = at(chain, 5);
    const ask = (filter_type: number, stop_hash: BlockHash) =>
      [
        answerFilters(index, { filter_type, stop_hash, start_height: 0 }),
        answerFilterHeaders(index, { filter_type, stop_hash, start_height: 0 }),
        answerCheckpoints(index, { filter_type, stop_hash }),
      ].map((answer) => answer.ok || answer.error);
    expect(ask(1, hash)).to.deep.equal(Array(3).fill("unsupported_filter_type"));
    expect(ask(0, "99".repeat(32) as BlockHash)).to.deep.equal(Array(3).fill("unknown_block"));
    const stale = buildBlock(chain, { previous: at(chain, 4) });
    give(chain, stale);
    const node = [...chain.brain.chain.index.tree.nodes.values()].at(-1) ?? expect.fail("a header");
    expect(ask(0, node.hash)).to.deep.equal(Array(3).fill("not_indexed"));
  });
});
