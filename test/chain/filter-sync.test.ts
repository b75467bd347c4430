import { expect } from "chai";
import { concat, fromHex } from "../../src/base/bytes.ts";
import {
  type BlockHash,
  type FilterHash,
  type FilterHeader,
  hashBytes,
  type Outpoint,
  outpointKey,
} from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { basicFilter, filterHashOf, filterHeaderOf, NO_FILTER_HEADER } from "../../src/bitcoin/filter.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { readBlock } from "../../src/chain/chain.ts";
import {
  type Claim,
  compareClaims,
  firstDifference,
  judge,
  mayConcern,
  readCheckpoints,
  readClaim,
  settle,
  type Verdict,
} from "../../src/chain/filter-sync.ts";
import { type HashedBlock, hashBlock } from "../../src/chain/hashed-block.ts";
import { ancestorAt, type HeaderNode } from "../../src/chain/headers.ts";
import { type Bench, COIN, grow, input, matured, outpointOf, output, spend } from "./builder.ts";

/** A script of ours, and one of a stranger; whoever has the word may spend them. */
const wordOf = (word: bigint): Uint8Array => script(word);
const OURS = p2wshOf(wordOf(2n));
const STRANGERS = p2wshOf(wordOf(3n));

/**
 * A chain whose last blocks pay a stranger and us, and then spend both coins: what a watching client has to see. The last
 * block spends them in two transactions, so that either can be left out of a filter.
 */
function watched(): Bench & { readonly ours: Outpoint } {
  const chain = matured(2);
  const [one, two] = chain.coins as readonly [Outpoint, Outpoint];
  const toUs = spend([one], [output(COIN, OURS)]);
  const toStranger = spend([two], [output(COIN, STRANGERS)]);
  grow(chain, 1, { txs: [toUs, toStranger] });
  const spending = (coin: Outpoint, word: bigint) =>
    spend([], [output(COIN, p2wshOf(wordOf(word + 10n)))], { inputs: [input(coin, { witness: [wordOf(word)] })] });
  grow(chain, 1, { txs: [spending(outpointOf(toUs), 2n), spending(outpointOf(toStranger), 3n)] });
  return { ...chain, ours: outpointOf(toUs) };
}
const chain = watched();
const { tip } = chain.brain.chain;
const nodeAt = (height: number): HeaderNode => present(ancestorAt(tip, height), "a height");
const blockAt = (height: number): HashedBlock => hashBlock(readBlock(chain.brain.chain, nodeAt(height)));
const spentAt = (height: number): readonly Uint8Array[] =>
  (chain.storage.undo(nodeAt(height).hash) ?? []).map((coin) => coin.output.script);

/** The filter of a block as an honest peer makes it, or without some scripts. */
function filterAt(height: number, without: readonly Uint8Array[] = []): Uint8Array {
  const { block, hash } = blockAt(height);
  const isKept = (each: Uint8Array): boolean => !without.includes(each) && !without.some((one) => equal(one, each));
  const txs = block.txs.map((tx) => ({ ...tx, outputs: tx.outputs.filter((each) => isKept(each.script)) }));
  return basicFilter(hash, txs, spentAt(height).filter(isKept));
}
const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** A peer with a filter for every block; honest unless it has one of its own for some of them. */
interface Source {
  readonly name: string;
  readonly filter: (height: number) => Uint8Array;
}
const honest = (name: string): Source => ({ name, filter: (height) => filterAt(height) });
const liar = (name: string, at: number, filter: Uint8Array): Source => ({
  name,
  filter: (height) => (height === at ? filter : filterAt(height)),
});
const headerOf = ({ filter }: Source, height: number): FilterHeader => {
  let header = NO_FILTER_HEADER;
  for (let at = 0; at <= height; at++) header = filterHeaderOf(filterHashOf(filter(at)), header);
  return header;
};
const START = 100;
const asked = { start: START, stop: tip, previous: headerOf(honest("us"), START - 1) };
const answerOf = (source: Source) => ({
  name: "cfheaders" as const,
  filter_type: 0,
  stop_hash: tip.hash,
  previous_filter_header: asked.previous,
  filter_hashes: Array.from({ length: tip.height - START + 1 }, (_, at) => filterHashOf(source.filter(START + at))),
});
const claimOf = (source: Source): Claim<Source> => {
  const claim = readClaim(asked, source, answerOf(source));
  return claim.ok ? claim.value : expect.fail(claim.error);
};
/** What a client knows of the chain besides blocks: the coin that it watches. */
const watch = (outpoint: Outpoint): Uint8Array | undefined =>
  outpointKey(outpoint) === outpointKey(chain.ours) ? OURS : undefined;
const everything = (outpoint: Outpoint): Uint8Array | undefined => {
  const place = chain.storage.place(outpoint.txid);
  const block = place && chain.storage.block(place.block);
  return block?.txs[place?.index ?? 0]?.outputs[outpoint.vout]?.script;
};

/** The whole way of a client: compares, judges, settles, goes on, and tells which blocks it looks at for its scripts. */
function syncWith(sources: readonly Source[], scriptOf = watch) {
  let claims = sources.map(claimOf);
  const banned: string[] = [];
  const fetched = new Set<number>();
  const accepted = new Map<number, FilterHash>();
  for (let conflict = compareClaims(claims, START); conflict !== undefined; ) {
    const { height, sides } = conflict;
    fetched.add(height);
    const filters = new Map([...sides].map(([hash, [first]]) => [hash, first?.filter(height)]));
    const settled = settle(conflict, judge(blockAt(height), filters, scriptOf));
    banned.push(...settled.liars.map(({ name }) => name));
    if (settled.accepted !== undefined) accepted.set(height, settled.accepted);
    claims = claims.filter(({ peer }) => !settled.liars.includes(peer));
    conflict = compareClaims(claims, START, height + 1);
  }
  const [first] = claims;
  for (let height = START; height <= tip.height; height++) {
    const hash = accepted.get(height) ?? first?.hashes[height - START];
    if (first === undefined || hash === undefined || fetched.has(height)) continue;
    const filter = first.peer.filter(height);
    const message = { name: "cfilter", filter_type: 0, block_hash: nodeAt(height).hash, filter } as const;
    if (mayConcern(message, hash, [OURS]) !== false) fetched.add(height);
  }
  return { banned: banned.sort(), fetched: [...fetched].sort((a, b) => a - b), left: claims.length };
}
const PAID = tip.height - 1;
const SPENT = tip.height;
const peers = (liars: readonly Source[]): readonly Source[] => [
  ...liars,
  ...Array.from({ length: 8 - liars.length }, (_, index) => honest(`honest ${index}`)),
];

describe("B23: light client among lying peers", () => {
  it("without a liar it fetches the blocks of its own, and no other", () => {
    expect(syncWith(peers([]))).to.deep.equal({ banned: [], fetched: [PAID, SPENT], left: 8 });
  });
  it("one of eight omits the script that we are paid by: it is found out by the block and banned", () => {
    const liars = [liar("liar", PAID, filterAt(PAID, [OURS]))];
    expect(syncWith(peers(liars))).to.deep.equal({ banned: ["liar"], fetched: [PAID, SPENT], left: 7 });
  });
  it("one of eight omits the script whose coin is spent: what we watch, we know, so it is found out as well", () => {
    const liars = [liar("liar", SPENT, filterAt(SPENT, [OURS]))];
    expect(syncWith(peers(liars))).to.deep.equal({ banned: ["liar"], fetched: [PAID, SPENT], left: 7 });
  });
  it("seven of eight lie, all alike: one honest peer is enough", () => {
    for (const height of [PAID, SPENT]) {
      const liars = Array.from({ length: 7 }, (_, index) => liar(`liar ${index}`, height, filterAt(height, [OURS])));
      const { banned, fetched, left } = syncWith(peers(liars));
      expect({ banned, fetched, left }).to.deep.equal({
        banned: liars.map(({ name }) => name),
        fetched: [PAID, SPENT],
        left: 1,
      });
    }
  });
  it("five of eight lie about a block each, every one in its own way: all are banned, one after the other", () => {
    const { hash, block } = blockAt(102);
    const liars = [
      liar("1 empties a filter", 100, Uint8Array.of(0)),
      liar("2 sends none", 101, fromHex("ff")),
      liar("3 stuffs one", 102, basicFilter(hash, block.txs, [Uint8Array.of(1)])),
      liar("4 omits a payment", PAID, filterAt(PAID, [OURS])),
      liar("5 omits a spend", SPENT, filterAt(SPENT, [OURS])),
    ];
    const names = liars.map(({ name }) => name);
    expect(syncWith(peers(liars))).to.deep.equal({ banned: names, fetched: [100, 101, 102, PAID, SPENT], left: 3 });
  });
  it("a lie that only a stranger's coin shows stays open: nobody is banned, and the block is looked at itself", () => {
    const liars = [liar("liar", SPENT, filterAt(SPENT, [STRANGERS]))];
    expect(syncWith(peers(liars))).to.deep.equal({ banned: [], fetched: [PAID, SPENT], left: 8 });
  });
  it("who knows all coins computes the filter, and bans on that lie too", () => {
    const liars = [liar("liar", SPENT, filterAt(SPENT, [STRANGERS]))];
    expect(syncWith(peers(liars), everything)).to.deep.equal({ banned: ["liar"], fetched: [PAID, SPENT], left: 7 });
  });
});

describe("judging claimed filters by the block", () => {
  const hashed = blockAt(SPENT);
  const right = filterAt(SPENT);
  const verdict = (filter: Uint8Array | undefined, claimed?: FilterHash, scriptOf = watch) => {
    const hash = claimed ?? filterHashOf(filter ?? new Uint8Array(0));
    return judge(hashed, new Map([[hash, filter]]), scriptOf).get(hash);
  };
  it("names each kind of lie", () => {
    const other = filterHashOf(Uint8Array.of(0));
    expect(verdict(right)).to.equal("possible");
    expect(verdict(undefined)).to.equal("withheld");
    expect(verdict(right, other)).to.equal("other_filter");
    expect(verdict(right.slice(0, 3))).to.equal("malformed");
    expect(verdict(new Uint8Array(0))).to.equal("malformed");
    expect(verdict(filterAt(SPENT, [OURS]))).to.equal("omits_a_script");
    const { hash, block } = hashed;
    const stuffed = (count: number) =>
      basicFilter(hash, block.txs, [
        ...spentAt(SPENT),
        ...Array.from({ length: count }, (_, at) => Uint8Array.of(1, at)),
      ]);
    expect(verdict(stuffed(1))).to.equal("holds_too_much");
    expect(verdict(right, undefined, everything)).to.equal("right");
    expect(verdict(stuffed(1), undefined, everything)).to.equal("not_computed");
  });
  it("knows what a block spends of itself", () => {
    const own = matured(1);
    const middle = p2wshOf(wordOf(4n));
    const first = spend(own.coins, [output(COIN, middle)]);
    const second = spend([], [output(COIN, OURS)], {
      inputs: [input(outpointOf(first), { witness: [wordOf(4n)] })],
    });
    grow(own, 1, { txs: [first, second] });
    const node = own.brain.chain.tip;
    const block = hashBlock(readBlock(own.brain.chain, node));
    const coin = own.coins[0] as Outpoint;
    const known = (outpoint: Outpoint) =>
      outpointKey(outpoint) === outpointKey(coin) ? own.storage.undo(node.hash)?.[0]?.output.script : undefined;
    const filter = basicFilter(
      node.hash,
      block.block.txs,
      (own.storage.undo(node.hash) ?? []).map((each) => each.output.script),
    );
    expect(judge(block, new Map([[filterHashOf(filter), filter]]), known).get(filterHashOf(filter))).to.equal("right");
  });
  it("accepts one that is left, blames all others when it is right, and nobody when two are possible", () => {
    const [a, b, c] = ["aa", "bb", "cc"].map((byte) => byte.repeat(32)) as [FilterHash, FilterHash, FilterHash];
    const conflict = {
      height: 5,
      sides: new Map([
        [a, [1, 2]],
        [b, [3]],
        [c, [4]],
      ]),
    };
    const settled = (...verdicts: readonly Verdict[]) =>
      settle(conflict, new Map([a, b, c].map((hash, at) => [hash, verdicts[at] ?? "withheld"])));
    expect(settled("right", "not_computed", "not_computed")).to.deep.equal({ liars: [3, 4], accepted: a });
    expect(settled("omits_a_script", "possible", "withheld")).to.deep.equal({ liars: [1, 2, 4], accepted: b });
    expect(settled("possible", "possible", "malformed")).to.deep.equal({ liars: [4], accepted: undefined });
    expect(settled("malformed", "withheld", "withheld")).to.deep.equal({ liars: [1, 2, 3, 4], accepted: undefined });
  });
});

describe("answers about filter headers", () => {
  const source = honest("honest");
  const answer = answerOf(source);
  const fault = (change: Partial<typeof answer>, checkpoint?: FilterHeader) => {
    const claim = readClaim(checkpoint === undefined ? asked : { ...asked, checkpoint }, source, {
      ...answer,
      ...change,
    });
    return claim.ok ? "read" : claim.error;
  };
  it("are about the blocks asked for, all of them, on top of what we hold and what the peer said before", () => {
    const elsewhere = "11".repeat(32) as FilterHeader;
    expect(fault({})).to.equal("read");
    expect(fault({}, headerOf(source, tip.height))).to.equal("read");
    expect(fault({ filter_type: 1 })).to.equal("not_asked");
    expect(fault({ stop_hash: "22".repeat(32) as BlockHash })).to.equal("not_asked");
    expect(fault({ filter_hashes: answer.filter_hashes.slice(1) })).to.equal("wrong_count");
    expect(fault({ previous_filter_header: elsewhere })).to.equal("other_past");
    expect(fault({}, elsewhere)).to.equal("contradiction");
    expect(fault({ previous_filter_header: elsewhere }, headerOf(source, tip.height))).to.equal("contradiction");
  });
  it("checkpoints are as many as the chain has, and their first difference shows where to look", () => {
    const stop = { ...tip, height: 2999 as HeaderNode["height"] };
    const header = (byte: string): FilterHeader => byte.repeat(32) as FilterHeader;
    const message = { name: "cfcheckpt", filter_type: 0, stop_hash: tip.hash } as const;
    const headers = [header("01"), header("02")];
    expect(readCheckpoints(stop, { ...message, filter_headers: headers })).to.deep.equal({ ok: true, value: headers });
    const wrong = [[...headers, header("03")], headers.slice(1)].map((filter_headers) =>
      readCheckpoints(stop, { ...message, filter_headers }),
    );
    expect(wrong).to.deep.equal(Array(2).fill({ ok: false, error: "wrong_count" }));
    expect(readCheckpoints(nodeAt(5), { ...message, filter_headers: [] }).ok).to.equal(false);
    expect(firstDifference([headers, [header("01"), header("04")]])).to.equal(2000);
    expect(firstDifference([headers, headers, [header("05"), header("02")]])).to.equal(1000);
    expect(firstDifference([headers, headers])).to.equal(undefined);
    expect(firstDifference([])).to.equal(undefined);
  });
  it("a filter that is not the one agreed on is refused, and one that says nothing has its block fetched", () => {
    const { hash } = nodeAt(PAID);
    const concerns = (filter: Uint8Array, agreed: FilterHash, mine: readonly Uint8Array[]) =>
      mayConcern({ name: "cfilter", filter_type: 0, block_hash: hash, filter }, agreed, mine);
    const filter = filterAt(PAID);
    expect(concerns(filter, filterHashOf(filter), [OURS])).to.equal(true);
    expect(concerns(filter, filterHashOf(filter), [p2wshOf(wordOf(9n))])).to.equal(false);
    const shorter = filterAt(PAID, [OURS]);
    expect(concerns(shorter, filterHashOf(filter), [OURS])).to.equal(undefined);
    const broken = concat(Uint8Array.of(9), hashBytes(hash).subarray(0, 2));
    expect(concerns(broken, filterHashOf(broken), [p2wshOf(wordOf(9n))])).to.equal(true);
  });
});
