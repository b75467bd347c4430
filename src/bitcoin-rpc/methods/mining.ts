import { decodeHeader } from "../../bitcoin/block.ts";
import { acceptHeaders } from "../../chain/chain.ts";
import { reasonOf } from "../../chain/faults.ts";
import { hashBlock } from "../../chain/hashed-block.ts";
import { isAncestor } from "../../chain/headers.ts";
import { refuse } from "../fault.ts";
import { method } from "../method.ts";
import { block, bytes, optional, text } from "../params.ts";
import { difficultyOf, hex8 } from "../views/block.ts";
import { chainName, nodeOf } from "./blocks.ts";
import { generatingMethods } from "./generating.ts";

export const miningMethods = [
  ...generatingMethods,
  method(
    "submitblock",
    "Takes a block in. Null when it is good, inconclusive when another chain is better.",
    { hexdata: block, dummy: optional(text) },
    ({ node }, { hexdata }) => {
      const { chain } = node.brain;
      const { index } = chain;
      const known = index.tree.nodes.get(hashBlock(hexdata).hash);
      if (known !== undefined && index.invalid.has(known)) return "duplicate-invalid";
      if (known !== undefined && index.held.has(known)) return "duplicate";
      const taken = node.submit(hexdata);
      if (!taken.ok) return reasonOf(taken.error);
      // Its scripts are not looked at as long as another chain is better.
      return isAncestor(nodeOf(chain, taken.value), chain.tip) ? null : "inconclusive";
    },
  ),
  method("submitheader", "Takes a header in.", { hexdata: bytes }, ({ node, clock }, { hexdata }) => {
    const header = decodeHeader(hexdata);
    if (!header.ok) return refuse("deserialization", "Block header decode failed");
    const { chain } = node.brain;
    if (!chain.index.tree.nodes.has(header.value.previous)) {
      return refuse("verify", `Must submit previous header (${header.value.previous}) first`);
    }
    const { fault } = acceptHeaders(chain, [header.value], Math.floor(clock.now() / 1000));
    return fault === undefined ? null : refuse("verify", fault.code);
  }),
  method("getmininginfo", "What the next block is mined for.", {}, ({ node }) => {
    const { chain, pool } = node.brain;
    const { bits } = chain.tip.header;
    return {
      blocks: chain.tip.height,
      bits: hex8(bits),
      difficulty: difficultyOf(bits),
      pooledtx: pool.entries.size,
      chain: chainName(chain),
      warnings: [],
    };
  }),
];
