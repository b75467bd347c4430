import { toHex } from "../../src/base/bytes.ts";
import type { FilterHeader } from "../../src/base/ids.ts";
import { type Block, blockHashOf, encodeBlock } from "../../src/bitcoin/block.ts";
import { basicFilter, filterHashOf, filterHeaderOf, NO_FILTER_HEADER } from "../../src/bitcoin/filter.ts";
import { encodePayload } from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { compactBlock } from "../../src/chain/compact-block.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { ownBlock, spends } from "./bitcoin-blocks.ts";

/** Blocks of ours as peers and light clients get them. */
const all = spends();
const block = ownBlock(all);

interface Filtered {
  readonly height: number;
  readonly block: Block;
  readonly spent: readonly Uint8Array[];
  readonly notes: string;
}
function filters(): unknown {
  const spent = all.flatMap(({ coins }) => coins.map(({ prevout }) => prevout.script));
  const [coinbase] = block.txs;
  const empty = { ...block, txs: coinbase === undefined ? [] : [{ ...coinbase, outputs: [] }] };
  const blocks: readonly Filtered[] = [
    { height: 0, block: CHAINS.regtest.genesis, spent: [], notes: "Genesis block" },
    { height: 7, block, spent, notes: "" },
    { height: 8, block: empty, spent: [], notes: "No script at all" },
  ];
  let previous: FilterHeader = NO_FILTER_HEADER;
  const rows = blocks.map(({ height, block: each, spent: scripts, notes }) => {
    const hash = blockHashOf(each.header);
    const filter = basicFilter(hash, each.txs, scripts);
    const before = previous;
    previous = filterHeaderOf(filterHashOf(filter), before);
    return [height, hash, toHex(encodeBlock(each)), scripts.map(toHex), before, toHex(filter), previous, notes];
  });
  return [["height, hash, block, scripts spent, previous filter header, filter, filter header, notes"], ...rows];
}

const compact = (): unknown => ({
  cmpctblock: toHex(encodePayload({ name: "cmpctblock", ...compactBlock(block, 0x0123_4567_89ab_cdefn) })),
  block: toHex(encodeBlock(block)),
});

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/bip158/testnet-19.json", make: filters },
  { path: "bitcoin/blocks/compact-blocks.json", make: compact },
];
