import { equalBytes } from "../../base/bytes.ts";
import { assert, present } from "../../base/result.ts";
import type { SatPerKw } from "../../base/units.ts";
import type { TxOut } from "../../bitcoin/tx.ts";
import { reserveOf } from "../channel/closing-reserve.ts";
import type { ChannelHost } from "../channel/host.ts";
import type { ChannelEntry } from "../channel/table.ts";
import type { Turn } from "../turn.ts";
import { keptFor } from "../wallet/faults.ts";
import { FUNDING_LABEL } from "../wallet/state.ts";
import { BatchConstruction } from "./construction.ts";

/** In front of the reason why an opening was given up whose own peer did nothing wrong. */
export const BATCH_FAILED = "another channel of the batch failed: ";

/**
 * Several channels that one transaction funds. It is built when each peer has agreed, and goes out when each has signed;
 * all of them are then written in one group. If one comes to nothing they all do, and no coin is spent. RELIABILITY U12.
 */
export class BatchOpening {
  readonly #feerate: SatPerKw;
  readonly #members: readonly ChannelEntry[];
  readonly #outputs = new Map<ChannelEntry, TxOut>();
  readonly #held = new Set<ChannelEntry>();
  /** Of the transaction, where both sides of each channel construct it. */
  readonly construction: BatchConstruction;
  #isOver = false;

  constructor(members: readonly ChannelEntry[], feerate: SatPerKw) {
    this.#members = members;
    this.#feerate = feerate;
    this.construction = new BatchConstruction(members);
    for (const member of members) member.batch = this;
  }
  get isOver(): boolean {
    return this.#isOver;
  }
  /** The peer has agreed: the transaction shall have this output. */
  needs(host: ChannelHost, turn: Turn, entry: ChannelEntry, output: TxOut): void {
    this.#outputs.set(entry, output);
    if (!this.#isOver && this.#outputs.size === this.#members.length) this.#fund(host, turn);
  }
  #fund(host: ChannelHost, turn: Turn): void {
    const { wallet, ctx } = host.parts;
    const [output, ...others] = this.#members.map((member) => present(this.#outputs.get(member), "all have agreed"));
    assert(output !== undefined, "a batch has members");
    const formats = this.#members.flatMap(({ state }) =>
      state.tag === "WaitForFundingTx" ? [state.proposal.params.type.format] : [],
    );
    const keep = reserveOf(host.table.settled(), ctx.policy.channel, formats);
    const funded = wallet.fund(turn, output, { label: FUNDING_LABEL, keep, feerate: this.#feerate, others });
    if (!funded.ok) {
      const { needed, available } = funded.error;
      const reason = `insufficient funds: needs ${needed} sat${keptFor(keep)}, ${available} sat can be spent`;
      const first = present(this.#members[0], "a batch has members");
      first.lacksCoins = true;
      return host.apply(turn, first, { tag: "AbortOpening", reason });
    }
    const { tx, txid } = funded.value;
    for (const member of this.#members) member.fundingTxid = txid;
    for (const member of this.#members) {
      const { script } = present(this.#outputs.get(member), "all have agreed");
      const vout = tx.outputs.findIndex((paid) => equalBytes(paid.script, script));
      if (!this.#isOver) host.apply(turn, member, { tag: "FundingTx", tx, vout, isShared: true });
    }
  }
  /** The peer has signed. */
  signed(host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
    this.#held.add(entry);
    if (this.#isOver || this.#held.size < this.#members.length) return;
    this.#isOver = true;
    this.construction.decided(turn);
    for (const member of this.#members) host.apply(turn, member, { tag: "FundingAllSigned" });
  }
  /** One comes to nothing, for whatever reason, and so do the others. */
  failed(host: ChannelHost, turn: Turn, entry: ChannelEntry, why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.construction.decided(turn);
    const reason = `${BATCH_FAILED}${why}`;
    for (const member of this.#members) {
      if (member === entry) continue;
      if (member.state.tag === "Fresh") host.drop(turn, member, reason);
      else host.apply(turn, member, { tag: "AbortOpening", reason });
    }
  }
}
