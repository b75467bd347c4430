import type { Coin } from "./coins.ts";

/** Coins that are spent together, or not at all: whoever sees one address spent twice links both payments anyway. */
export interface CoinGroup<C extends Coin> {
  readonly coins: readonly C[];
  /** What they hold, less what spending them costs; in thousandths of a sat, so that nothing is rounded. Above zero. */
  readonly worth: bigint;
  readonly label: string;
  readonly type: string;
}

/**
 * The groups of coins worth spending, of most worth first. A coin that costs more than it holds is left alone, also where
 * its address is spent: somebody may have sent it to link our coins. At most `most` coins of an address go together.
 */
export function groupsOf<C extends Coin>(
  coins: readonly C[],
  worthOf: (coin: C) => bigint,
  most: number,
): readonly CoinGroup<C>[] {
  const byAddress = new Map<string, C[]>();
  for (const coin of coins) {
    if (worthOf(coin) <= 0n) continue;
    const key = coin.owner?.address ?? `${coin.outpoint.txid}:${coin.outpoint.vout}`;
    const found = byAddress.get(key);
    if (found === undefined) byAddress.set(key, [coin]);
    else found.push(coin);
  }
  return [...byAddress.values()]
    .flatMap((all) => chunks(all, most))
    .map((group) => ({
      coins: group,
      worth: group.reduce((sum, coin) => sum + worthOf(coin), 0n),
      label: group[0]?.owner?.label ?? "",
      type: group[0]?.owner?.type ?? "",
    }))
    .sort(byWorth);
}
function chunks<C extends Coin>(coins: readonly C[], most: number): readonly (readonly C[])[] {
  const sorted = [...coins].sort(byAmountDescending);
  return Array.from({ length: Math.ceil(sorted.length / most) }, (_, at) => sorted.slice(at * most, (at + 1) * most));
}

/**
 * The same groups in pools that tell less and less apart: those of one label and one type of script, of one label, of
 * one type, and all. What is chosen inside a pool reveals no more than that pool has in common.
 */
export function poolsOf<C extends Coin>(groups: readonly CoinGroup<C>[]): readonly (readonly CoinGroup<C>[])[] {
  const keys: readonly ((group: CoinGroup<C>) => string)[] = [
    ({ label, type }) => JSON.stringify([label, type]),
    ({ label }) => label,
    ({ type }) => type,
    () => "",
  ];
  const place = new Map(groups.map((group, at) => [group, at]));
  const seen = new Set<string>();
  return keys
    .flatMap((keyOf) => [...pooled(groups, keyOf).values()])
    .filter((pool) => {
      // Pools that hold the same are looked at once.
      const key = pool.map((group) => place.get(group)).join();
      return !seen.has(key) && seen.add(key);
    });
}
function pooled<C extends Coin>(
  groups: readonly CoinGroup<C>[],
  keyOf: (group: CoinGroup<C>) => string,
): ReadonlyMap<string, readonly CoinGroup<C>[]> {
  const pools = new Map<string, CoinGroup<C>[]>();
  for (const group of groups) {
    const found = pools.get(keyOf(group));
    if (found === undefined) pools.set(keyOf(group), [group]);
    else found.push(group);
  }
  return pools;
}

const firstOf = (coins: readonly Coin[]): string =>
  coins.map(({ outpoint }) => `${outpoint.txid}:${outpoint.vout}`).sort()[0] ?? "";
/** Equal worth in a fixed order, so that the same coins give the same choice. */
function byWorth<C extends Coin>(a: CoinGroup<C>, b: CoinGroup<C>): number {
  if (a.worth !== b.worth) return a.worth > b.worth ? -1 : 1;
  return firstOf(a.coins) < firstOf(b.coins) ? -1 : 1;
}
function byAmountDescending(a: Coin, b: Coin): number {
  if (a.amount !== b.amount) return a.amount > b.amount ? -1 : 1;
  return firstOf([a]) < firstOf([b]) ? -1 : 1;
}
