import { createHash } from "node:crypto";
import type { Outpoint } from "../../base/ids.ts";
import { blockHash } from "../../base/ids.ts";
import type { Coin } from "../../chain/coins.ts";
import { coinForHash } from "../../chain/utxo-hash.ts";

/** Two nodes have the same coins when this is the same. The coins come in the order of `ChainFiles.coins`. */
export function utxoHash(coins: Iterable<readonly [Outpoint, Coin]>): string {
  const all = createHash("sha256");
  for (const [outpoint, coin] of coins) all.update(coinForHash(outpoint, coin));
  return blockHash(createHash("sha256").update(all.digest()).digest());
}
