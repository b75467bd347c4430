import { expect } from "chai";
import type { ChannelType } from "../../../channels/index.ts";
import type { Failed } from "../../../channels/state.ts";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, type Name } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { replayed, standing } from "../../support/replay.ts";

export const SIDES = ["a", "b"] as const;
/** A channel whose funding output or what follows from it is this deep is forgotten. */
export const BURIED = 100;
/** Short, so that everything is over soon. */
export const POLICY = { toSelfDelay: 10 };
export const EXPIRY_BLOCKS = 30;
const ANCHORS_SAT = 660n;

/** Two sides, and what each has on its disk before the chain does anything to the channel. */
export interface Scene {
  readonly court: Court;
  readonly disks: { readonly [N in Name]: Uint8Array };
  /** What each is owed, in sat, when the opener pays for everything. */
  readonly owed: { readonly [N in Name]: bigint };
  readonly funding: string;
}
export const scene = (court: Court, a: bigint): Scene => {
  const diskOf = (name: Name): Uint8Array => present(court.pair.parties[name].disk, "a record");
  const funding = outpointKey(court.pair.parties.a.funded.params.funding);
  return { court, disks: { a: diskOf("a"), b: diskOf("b") }, owed: { a, b: 1_000_000n - a }, funding };
};

/**
 * a takes back 100,000 sat that time out and claims 80,000 with a preimage, which do not time out while blocks come and go;
 * 200 more have no output.
 */
export function withHtlcs(closer: Name, type: Partial<ChannelType> = {}): Scene {
  const court = new Court().open({ policy: POLICY, type });
  const { pair } = court;
  const expiry = cltvExpiry(court.height + EXPIRY_BLOCKS);
  pair.offer("a", 100_000_000n, 1, expiry);
  pair.offer("b", 80_000_000n, 2, cltvExpiry(court.height + 1_000));
  pair.offer("a", 200_000n, 3, expiry);
  pair.settle();
  pair.disconnect();
  for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
  pair.give(closer, { tag: "ForceClose" });
  const here = scene(court, 680_000n);
  court.act();
  return here;
}
/** b publishes a commitment that it has revoked, with an HTLC in it. */
export function betrayed(type: Partial<ChannelType> = {}): Scene {
  const court = new Court().open({ policy: POLICY, type });
  const { pair } = court;
  pair.offer("a", 100_000_000n, 1, cltvExpiry(court.height + EXPIRY_BLOCKS + 100));
  pair.settle();
  const old = present(pair.parties.b.disk, "an old record");
  for (const htlc of pair.parties.b.incoming.values()) pair.fail("b", htlc.id);
  pair.settle();
  pair.disconnect();
  pair.load("b", old);
  pair.give("b", { tag: "ForceClose" });
  const here = scene(court, 1_000_000n);
  court.act();
  return here;
}
export function agreed(): Scene {
  const court = new Court().open({ policy: POLICY });
  const { pair } = court;
  pair.give("a", { tag: "Shutdown", script: pair.parties.a.closeScript, feerate: pair.env("a").feerate as never });
  pair.settle();
  const here = scene(court, 600_000n);
  court.act();
  return here;
}

/** Each side is what it would be that had heard only of the best chain. */
export function expectReplay({ court, disks }: Scene, when: string): void {
  for (const name of SIDES) {
    const fresh = replayed(court, name, disks[name]);
    expect(standing(court.pair, name), `${name}, ${when}`).to.deep.equal(standing(fresh, name));
  }
}

export const feeOf = (court: Court, tx: Tx): bigint =>
  tx.inputs.reduce((sum, { prevout: { txid, vout } }) => {
    const output = present(court.transaction(txid)?.outputs[vout], "what is spent was there");
    return sum + output.amount;
  }, 0n) - tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);

/** Mines until nobody knows the channel any more; each forgets it exactly when the last that happened is 100 deep. */
export function toTheEnd({ court }: Scene): void {
  const { parties } = court.pair;
  for (let block = 0; block < 400 && SIDES.some((name) => parties[name].state.tag !== "Closed"); block++) {
    const before = { a: parties.a.state, b: parties.b.state };
    court.mine();
    for (const name of SIDES) {
      const { [name]: state } = before;
      if (state.tag === "Closed" || parties[name].state.tag !== "Closed") continue;
      const last =
        state.tag === "Failed"
          ? Math.max(...(state as Failed).spends.map(({ height }) => height))
          : (state as { readonly confirmed?: { readonly height: number } }).confirmed?.height;
      expect(court.height - (last ?? 0) + 1, `${name} forgets`).to.equal(BURIED);
    }
  }
  for (const name of SIDES) expect(parties[name].state.tag, name).to.equal("Closed");
}

/** To the satoshi: each has what it was owed, less the fees of its own transactions, and the opener that of the closing. */
export function expectPaid({ court, owed, funding }: Scene): void {
  const { whole } = court.chain;
  const due: Record<Name, bigint> = { ...owed };
  for (let height = HEIGHT + 1; height <= court.height; height++) {
    for (const tx of present(whole.blockAt(blockHeight(height)), "a block").txs.slice(1)) {
      const spends = tx.inputs.map(({ prevout }) => outpointKey(prevout));
      if (spends.includes(funding)) {
        const isMutual = tx.locktime === 0;
        due.a -= feeOf(court, tx) + (isMutual ? 0n : ANCHORS_SAT);
        continue;
      }
      for (const name of SIDES) {
        const script = Buffer.from(court.pair.parties[name].closeScript);
        if (tx.outputs.some((output) => script.equals(output.script))) due[name] -= feeOf(court, tx);
      }
    }
  }
  expect({ a: court.worth("a"), b: court.worth("b") }).to.deep.equal(due);
}
