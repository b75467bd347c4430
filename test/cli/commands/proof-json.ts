import { toHex } from "../../../src/base/bytes.ts";
import { type Block, encodeHeader } from "../../../src/bitcoin/block.ts";
import { encodeTx } from "../../../src/bitcoin/tx.ts";
import { proveTx } from "../../../src/chain/spv.ts";

/** As the API tells the proof of the transaction behind the coinbase, in the block of height 102 of a regtest chain. */
export function proofJson(block: Block) {
  const { header, tx, index, branch, coinbase, coinbaseBranch } = proveTx(block, 1);
  return {
    network: "regtest",
    height: 102,
    header: toHex(encodeHeader(header)),
    transaction: toHex(encodeTx(tx)),
    index,
    branch: branch.map(toHex),
    coinbase: toHex(encodeTx(coinbase)),
    coinbaseBranch: coinbaseBranch.map(toHex),
  };
}
