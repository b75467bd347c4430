import type { Outpoint } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { basicFilter, filterHashOf, filterHeaderOf } from "../../../src/bitcoin/filter.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { script } from "../../../src/bitcoin/script.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { takeBlock } from "../../../src/chain/brain.ts";
import { readBlock } from "../../../src/chain/chain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { type Bench, bench, COIN, grow, input, matured, NOW, outpointOf, output, spend } from "../builder.ts";
import type { Tamper } from "./town.ts";

export const OURS = p2wshOf(script(2n));
export const honest: Tamper = (message) => message;

/** A chain in which our script is paid in block 103 and spent in block 105. */
export function story(): { chain: Bench; coin: Outpoint; paying: Tx; spending: Tx } {
  const chain = matured(2);
  const [first, second] = chain.coins;
  grow(chain, 102 - chain.brain.chain.tip.height);
  const paying = spend([present(first, "a coin")], [output(COIN, OURS)]);
  grow(chain, 1, { txs: [paying] });
  grow(chain, 1);
  // Of the second input nobody knows the script who has not seen the whole chain.
  const spending = spend([present(second, "a coin")], [output(2n * COIN)], {
    inputs: [input(outpointOf(paying), { witness: [script(2n)] }), input(present(second, "a coin"))],
  });
  grow(chain, 1, { txs: [spending] });
  grow(chain, 5);
  return { chain, coin: outpointOf(paying), paying, spending };
}
/** The same chain in another node's hands. */
export function copy(chain: Bench): Bench {
  const other = bench();
  for (let height = 1; height <= chain.brain.chain.tip.height; height++) {
    const { hash } = present(ancestorAt(chain.brain.chain.tip, height), "a height");
    takeBlock(other.brain, hashBlock(present(chain.storage.block(hash), "a block")), NOW);
  }
  return other;
}
export const scriptWatch = (from = 0) => ({ tag: "Script", script: OURS, from: blockHeight(from) }) as const;

/**
 * Serves for the block at a height a filter that leaves out one script, and filter hashes and headers that fit it.
 * @param without  the script that the filter does not hold
 * @param instead  one that it holds in its place
 */
export function omitting(chain: Bench, height: number, without: Uint8Array, ...instead: readonly Uint8Array[]): Tamper {
  const { brain, storage } = chain;
  const node = present(ancestorAt(brain.chain.tip, height), "a height");
  const txs = readBlock(brain.chain, node).txs.map((tx) => ({
    ...tx,
    outputs: tx.outputs.filter((out) => Buffer.compare(out.script, without) !== 0),
  }));
  const spent = (storage.undo(node.hash) ?? [])
    .map((coin) => coin.output.script)
    .filter((each) => Buffer.compare(each, without) !== 0);
  const filter = basicFilter(node.hash, txs, [...spent, ...instead]);
  const false_ = filterHashOf(filter);
  return (message: BitcoinMessage) => {
    if (message.name === "cfilter" && message.block_hash === node.hash) return { ...message, filter };
    if (message.name !== "cfheaders") return message;
    const stop = present(brain.chain.index.tree.nodes.get(message.stop_hash), "a block of its chain");
    const at = height - (stop.height - message.filter_hashes.length + 1);
    if (at >= message.filter_hashes.length) return message;
    if (at >= 0)
      return { ...message, filter_hashes: message.filter_hashes.map((hash, index) => (index === at ? false_ : hash)) };
    // Above the lie its own headers hang together.
    let previous = message.previous_filter_header;
    previous = filterHeaderOf(false_, previous);
    return { ...message, previous_filter_header: previous };
  };
}
