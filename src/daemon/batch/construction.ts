import {
  COMMON_WEIGHT,
  type ConstructedTx,
  type Contribution,
  constructedAlone,
  plannedFunding,
  type Witnesses,
} from "../../../channels/index.ts";
import type { Txid } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { lackingSat, ZERO_SAT } from "../../base/units.ts";
import { type CoinsNeed, type Gathered, gather, release, serialId } from "../channel/funding-coins.ts";
import type { ChannelHost } from "../channel/host.ts";
import type { ChannelEntry } from "../channel/table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { signTogether } from "../wallet/contribute.ts";

/**
 * One transaction that is constructed with the peers of several channels at once. Each is told of all its inputs and outputs
 * under the same serial ids and adds nothing, so that it comes out alike everywhere. BOLT 2 §Interactive Transaction Construction.
 */
export class BatchConstruction {
  readonly #members: readonly ChannelEntry[];
  readonly #needs = new Map<ChannelEntry, CoinsNeed>();
  #expected: Txid | undefined;
  #witnesses: Witnesses | undefined;
  /** A peer would have a part in it, or a coin of ours cannot be shown: with one side alone it may come to something. */
  wantsAlone = false;

  constructor(members: readonly ChannelEntry[]) {
    this.#members = members;
  }
  /** The peer has agreed, and it is for us to fund its channel. When all have it is known what the transaction is. */
  needs(host: ChannelHost, turn: Turn, entry: ChannelEntry, need: CoinsNeed): void {
    if ((plannedFunding(entry.state)?.contribution.remote ?? 0n) > 0n)
      return this.#fails(host, turn, entry, "coins of the peer have no place in a transaction of several channels");
    this.#needs.set(entry, need);
    if (this.#needs.size === this.#members.length) this.#gather(host, turn);
  }
  #gather(host: ChannelHost, turn: Turn): void {
    const needs = this.#members.map((member) => present(this.#needs.get(member), "all have agreed"));
    const first = present(this.#members[0], "a batch has members");
    const { feerate } = present(needs[0], "a batch has members");
    const all = {
      amount: lackingSat(needs.reduce((sum, { amount }) => sum + amount, 0n)),
      feerate,
      // What every transaction weighs is in each of them.
      besides: needs.reduce((sum, { besides }) => sum + besides - COMMON_WEIGHT, COMMON_WEIGHT),
      confirmedOnly: needs.some(({ confirmedOnly }) => confirmedOnly),
      spends: [],
      changeMin: needs.reduce((most, { changeMin }) => (changeMin > most ? changeMin : most), ZERO_SAT),
    };
    const formats = needs.map(({ format }) => format);
    gather(host, turn, first, all, formats, (later, gathered) => {
      if (gathered.ok) return this.#contribute(host, later, gathered.value);
      if (first.lacksPrevious) this.wantsAlone = true;
      host.apply(later, first, { tag: "NothingToContribute", reason: gathered.error });
    });
  }
  /** To each peer its own funding output is the channel's, and those of the others are outputs of ours. */
  #contribute(host: ChannelHost, turn: Turn, { coins, change }: Gathered): void {
    const taken = new Set<bigint>();
    const serial = (): bigint => {
      let id = serialId(host) & ~1n;
      while (taken.has(id)) id = serialId(host) & ~1n;
      taken.add(id);
      return id;
    };
    const inputs = coins.map(({ prevtx, vout }) => ({ serialId: serial(), prevtx, vout }));
    const back = change === undefined ? [] : [{ serialId: serial(), output: change }];
    const fundings = this.#members.map((member) => {
      const { output } = present(plannedFunding(member.state), "its construction is about to begin");
      return { member, own: { serialId: serial(), output } };
    });
    const [first] = this.#members;
    const { locktime } = present(first && plannedFunding(first.state), "its construction is about to begin");
    const outputs = [...back, ...fundings.map(({ own }) => own)];
    this.#expected = constructedAlone({ inputs, outputs, locktime });
    for (const { member, own } of fundings) {
      if (member.state.tag !== "ConstructingFunding") continue;
      const others = outputs.filter((output) => output !== own);
      const shared: Contribution["shared"] = { input: 0n, output: own.serialId };
      host.apply(turn, member, { tag: "Contribution", contribution: { inputs, outputs: others, shared } });
    }
  }
  /** A construction is complete: the same witnesses are good for all. */
  constructed(host: ChannelHost, turn: Turn, entry: ChannelEntry, { tx, txid, inputs, fee }: ConstructedTx): void {
    if (txid !== this.#expected)
      return this.#fails(host, turn, entry, "something of the peer's is in a transaction of several channels");
    if (this.#witnesses === undefined) {
      const { wallet } = host.parts;
      const signing = { tx, inputs, fee: fee.local, replaces: [] };
      this.#witnesses = wallet.together(turn, (state, keys) => signTogether(state, keys, signing));
      for (const member of this.#members) release(host, turn, member);
      // As long as this is there, nothing of it may leave: after a start it is given up.
      turn.put(KEY.batch(txid), new Uint8Array(0));
    }
    const witnesses = this.#witnesses;
    if (witnesses === undefined) host.apply(turn, entry, { tag: "AbortOpening", reason: "a coin of ours is gone" });
    else host.apply(turn, entry, { tag: "FundingWitnesses", witnesses });
  }
  #fails(host: ChannelHost, turn: Turn, entry: ChannelEntry, reason: string): void {
    this.wantsAlone = true;
    host.apply(turn, entry, { tag: "AbortOpening", reason });
  }
  /** All have signed, or it came to nothing. */
  decided(turn: Turn): void {
    if (this.#expected !== undefined) turn.put(KEY.batch(this.#expected), undefined);
  }
}

/** A stop came before all had signed. Nothing of ours has left, and with one of them alone it must not. RELIABILITY U12. */
export function giveUpUndecided(host: ChannelHost, turn: Turn): void {
  for (const { key } of [...host.parts.ctx.store.range(KEY.batches)]) {
    const txid = key.slice(KEY.batches.length);
    for (const entry of host.table.settled()) {
      const { state } = entry;
      if (state.tag === "WaitForFundingSignatures" && state.params.funding.txid === txid)
        host.apply(turn, entry, { tag: "AbortOpening", reason: "stopped before all channels were signed for" });
    }
    turn.put(key, undefined);
  }
}
