import { toHex } from "../../base/bytes.ts";
import type { BlockHash } from "../../base/ids.ts";
import { encodeBlock, encodeHeader } from "../../bitcoin/block.ts";
import { decodeCompact } from "../../bitcoin/pow.ts";
import { type Chain, readBlock } from "../../chain/chain.ts";
import { ancestorAt, forkOf, type HeaderNode, isAncestor, medianTimeOf } from "../../chain/headers.ts";
import { refuse } from "../fault.ts";
import { coins, type Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { blockHash, flag, optional, text, verbosity, whole } from "../params.ts";
import { blockJson, difficultyOf, headerJson, hex8, hex32 } from "../views/block.ts";

const CHAIN_NAMES = {
  mainnet: "main",
  testnet3: "test",
  testnet4: "testnet4",
  signet: "signet",
  regtest: "regtest",
  sluicenet: "sluicenet",
} as const;
export const chainName = ({ params }: Chain): string => CHAIN_NAMES[params.network];

export function nodeOf({ index }: Chain, hash: BlockHash): HeaderNode {
  return index.tree.nodes.get(hash) ?? refuse("notFound", "Block not found");
}
/** A block that is known and can be read. */
export function heldBlock(chain: Chain, hash: BlockHash) {
  const node = nodeOf(chain, hash);
  if (!chain.index.held.has(node)) return refuse("misc", "Block not available (not fully downloaded)");
  return { node, block: readBlock(chain, node) };
}

function chainInfo({ node }: RpcContext): Json {
  const { chain } = node.brain;
  const { tip, index } = chain;
  const isSynced = node.synced();
  const prunedTo = chain.storage.prunedTo();
  return {
    chain: chainName(chain),
    blocks: tip.height,
    headers: index.bestHeader.height,
    bestblockhash: tip.hash,
    bits: hex8(tip.header.bits),
    target: hex32(decodeCompact(tip.header.bits).target),
    difficulty: difficultyOf(tip.header.bits),
    time: tip.header.time,
    mediantime: medianTimeOf(tip),
    verificationprogress: isSynced ? 1 : tip.height / Math.max(index.bestHeader.height, 1),
    initialblockdownload: !isSynced,
    chainwork: hex32(tip.work),
    size_on_disk: 0,
    pruned: prunedTo > 0,
    pruneheight: prunedTo > 0 ? prunedTo + 1 : undefined,
    warnings: [],
  };
}

/** Every end of a branch, the best chain's first. */
function chainTips({ node }: RpcContext): Json {
  const { chain } = node.brain;
  const { tree, invalid, linked, held } = chain.index;
  const parents = new Set<HeaderNode | undefined>();
  for (const { previous } of tree.nodes.values()) parents.add(previous);
  const ends = [...tree.nodes.values()].filter((each) => each === chain.tip || !parents.has(each));
  ends.sort((a, b) => b.height - a.height || (a === chain.tip ? -1 : 1));
  return ends.map((end) => ({
    height: end.height,
    hash: end.hash,
    branchlen: end.height - forkOf(end, chain.tip).height,
    status: isAncestor(end, chain.tip)
      ? "active"
      : invalid.has(end)
        ? "invalid"
        : linked.has(end)
          ? "valid-fork"
          : held.has(end)
            ? "valid-headers"
            : "headers-only",
  }));
}

export const blockMethods = [
  method("getblockchaininfo", "The best chain, and how far it has come.", {}, chainInfo),
  method("getbestblockhash", "The hash of the best block.", {}, ({ node }) => node.brain.chain.tip.hash),
  method("getblockcount", "The height of the best block.", {}, ({ node }) => node.brain.chain.tip.height),
  method("getdifficulty", "How much harder than the easiest target a block is.", {}, ({ node }) =>
    difficultyOf(node.brain.chain.tip.header.bits),
  ),
  method(
    "getblockhash",
    "The hash of the block of the best chain at a height.",
    { height: whole },
    (context, { height }) => {
      const { tip } = context.node.brain.chain;
      return ancestorAt(tip, height)?.hash ?? refuse("parameter", "Block height out of range");
    },
  ),
  method(
    "getblockheader",
    "A header, as an object or as 80 bytes of hex.",
    { blockhash: blockHash, verbose: optional(flag) },
    ({ node }, { blockhash, verbose = true }) => {
      const { chain } = node.brain;
      const found = nodeOf(chain, blockhash);
      return verbose ? headerJson(chain, found) : toHex(encodeHeader(found.header));
    },
  ),
  method(
    "getblock",
    "A block: as hex (0), with txids (1), with transactions (2), with what they spend (3).",
    { blockhash: blockHash, verbosity: optional(verbosity) },
    (context, { blockhash, verbosity: wanted = 1 }) => {
      const { chain } = context.node.brain;
      const { node, block } = heldBlock(chain, blockhash);
      return wanted <= 0 ? toHex(encodeBlock(block)) : blockJson(chain, node, block, wanted);
    },
  ),
  method("getchaintips", "The ends of all branches.", {}, chainTips),
  method(
    "gettxoutsetinfo",
    "Count and sum of all unspent outputs.",
    { hash_type: optional(text) },
    (context, { hash_type }) => {
      if (hash_type !== undefined && hash_type !== "none")
        return refuse("parameter", `'${hash_type}' is not offered, only none is`);
      const { tip, storage } = context.node.brain.chain;
      const { count, total } = storage.totals();
      return { height: tip.height, bestblock: tip.hash, txouts: count, total_amount: coins(total) };
    },
  ),
  method(
    "getblockfilter",
    "The basic filter of a block, and its filter header.",
    { blockhash: blockHash, filtertype: optional(text) },
    ({ node }, { blockhash, filtertype = "basic" }) => {
      if (filtertype !== "basic") return refuse("notFound", "Unknown filtertype");
      nodeOf(node.brain.chain, blockhash);
      if (node.filters === undefined) return refuse("misc", "Index is not enabled for filtertype basic");
      const entry = node.filters.entry(blockhash);
      if (entry === undefined)
        return refuse("notFound", "Filter not found. Block filters are still in the process of being indexed.");
      return { filter: toHex(entry.filter), header: entry.header };
    },
  ),
  method(
    "invalidateblock",
    "Takes a block, and all on top of it, for invalid.",
    { blockhash: blockHash },
    ({ node }, { blockhash }) => {
      const { genesis } = node.brain.chain.index.tree;
      if (blockhash === genesis.hash) return refuse("notFound", "The genesis block is valid");
      return node.invalidate(blockhash) ? null : refuse("notFound", "Block not found");
    },
  ),
  method(
    "preciousblock",
    "Follows a block as if it had come before every other with the same work.",
    { blockhash: blockHash },
    ({ node }, { blockhash }) => {
      const isKnown = blockhash === node.brain.chain.index.tree.genesis.hash || node.prefer(blockhash);
      return isKnown ? null : refuse("notFound", "Block not found");
    },
  ),
  method("reconsiderblock", "Takes that back.", { blockhash: blockHash }, ({ node }, { blockhash }) =>
    node.reconsider(blockhash) ? null : refuse("notFound", "Block not found"),
  ),
];
