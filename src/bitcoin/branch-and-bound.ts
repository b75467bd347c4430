/** Something that can be taken or left, worth a whole number above zero. */
export interface Worth {
  readonly worth: bigint;
}

/**
 * Some of the items, whose worth is at least `target` and at most `target + slack`, as little above as can be found by
 * looking at `tries` choices; undefined when none are found. A search depth first, most worth first, that leaves a branch as soon as what
 * is taken is too much or what is left too little. The same items in the same order give the same answer.
 */
export function exactly<I extends Worth>(
  items: readonly I[],
  target: bigint,
  slack: bigint,
  tries: number,
): readonly I[] | undefined {
  const sorted = [...items].sort((a, b) => (a.worth === b.worth ? 0 : a.worth > b.worth ? -1 : 1));
  const after = worthAfter(sorted);
  let best: { readonly taken: readonly number[]; readonly sum: bigint } | undefined;
  const taken: number[] = [];
  let sum = 0n;
  let at = 0;
  for (let left = tries; left > 0; left--) {
    const tooMuch = sum > (best === undefined ? target + slack : best.sum - 1n);
    const enough = !tooMuch && sum >= target;
    if (enough) best = { taken: [...taken], sum };
    if (best?.sum === target) break;
    if (!tooMuch && !enough && sum + (after[at] ?? 0n) >= target) {
      sum += (sorted[at] as I).worth;
      taken.push(at++);
      continue;
    }
    const last = taken.pop();
    if (last === undefined) break;
    sum -= (sorted[last] as I).worth;
    at = last + 1;
    // Instead of what was left out one of the same worth would make the same sum.
    while (at < sorted.length && sorted[at]?.worth === sorted[last]?.worth) at++;
  }
  return best?.taken.map((index) => sorted[index] as I);
}

/** From each place on, what all the rest is worth. */
function worthAfter(items: readonly Worth[]): readonly bigint[] {
  const after: bigint[] = [0n];
  for (const { worth } of [...items].reverse()) after.push((after.at(-1) ?? 0n) + worth);
  return after.reverse();
}
