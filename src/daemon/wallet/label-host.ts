import { outpointKey } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { addressOf } from "../../bitcoin/address.ts";
import { txidOf } from "../../bitcoin/tx.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import type { CommandFault } from "../command-fault.ts";
import type { NodeContext } from "../context.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import type { WalletTransaction, WalletUtxo } from "../views.ts";
import { lockFault } from "./faults.ts";
import type { WalletHost } from "./host.ts";
import { type Label, type Labels, labelKey } from "./label.ts";
import { readLabelFile } from "./label-file.ts";
import { loadLabels } from "./label-records.ts";
import { LABELS_MAX, outpointOfRef, setLabels } from "./labels.ts";
import type { CoinLock } from "./locks.ts";
import { isLost } from "./state.ts";

/** What an address is called unless somebody calls it something. */
const UNNAMED = new Set(["received", "change", ""]);

/** What people call transactions, addresses and coins, beside the words that the wallet has for them itself. */
export class LabelHost {
  readonly #ctx: NodeContext;
  readonly #wallet: WalletHost;
  #labels: Labels;

  constructor(ctx: NodeContext, wallet: WalletHost) {
    this.#ctx = ctx;
    this.#wallet = wallet;
    this.#labels = loadLabels(ctx.store.range(KEY.labels));
  }
  /** All of them: with what addresses were called when they were handed out, and with the locks of coins. */
  list(): readonly Label[] {
    const { addresses, coins } = this.#wallet.state();
    const all = new Map(this.#labels);
    const add = (label: Label): void => void all.set(labelKey(label.type, label.ref), label);
    const rest = { origin: undefined, spendable: undefined };
    for (const { script, label, path } of addresses.values()) {
      const ref = addressOf(script, this.#ctx.params);
      if (ref === undefined || path.branch !== "external" || UNNAMED.has(label)) continue;
      if (!all.has(labelKey("addr", ref))) add({ type: "addr", ref, label, ...rest });
    }
    for (const coin of coins.values()) {
      const ref = outpointKey(coin.outpoint);
      const known = all.get(labelKey("output", ref));
      if (coin.spent !== undefined || isLost(this.#wallet.state(), coin)) continue;
      if (known !== undefined || coin.locked)
        add({ type: "output", ref, label: "", origin: undefined, ...known, spendable: !coin.locked });
    }
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, label]) => label);
  }
  /** Sets some of them, and the locks of coins with them: all or none. `at` says which one of them is refused. */
  set(turn: Turn, given: readonly Label[]): Result<void, CommandFault & { readonly at?: number }> {
    const set = setLabels(this.#labels, given);
    if (!set.ok) return err({ code: "quota_exceeded", detail: `at most ${LABELS_MAX} labels are kept` });
    const { coins } = this.#wallet.state();
    const locks = given.flatMap(({ type, ref, spendable }, at): (CoinLock & { readonly at: number })[] => {
      const outpoint = type === "output" && spendable !== undefined ? outpointOfRef(ref) : undefined;
      const coin = outpoint && coins.get(outpointKey(outpoint));
      if (outpoint === undefined || coin === undefined || coin.spent !== undefined) return [];
      return [{ outpoint, locked: spendable === false, at }];
    });
    const locked = this.#wallet.setLocks(turn, locks);
    if (!locked.ok) {
      const at = locks[locked.error.at]?.at;
      return err({ ...lockFault(locked.error.fault), ...(at !== undefined && { at }) });
    }
    this.#labels = set.value.next;
    for (const { key, value } of set.value.records) turn.put(key, value);
    return ok(undefined);
  }
  /** Takes in a whole file or nothing of it. */
  import(turn: Turn, text: string): Result<{ readonly taken: number; readonly skipped: number }, CommandFault> {
    const read = readLabelFile(text, this.#ctx.params);
    const pointer = "/text";
    if (!read.ok) return err({ code: "bad_request", detail: `line ${read.error.line}: ${read.error.detail}`, pointer });
    const { labels, skipped } = read.value;
    const set = this.set(turn, labels);
    if (set.ok) return ok({ taken: labels.length, skipped });
    const { code, detail, at } = set.error;
    return err({ code, detail: at === undefined ? detail : `${labels[at]?.ref}: ${detail}`, pointer });
  }
  /** The wallet hears of the chain through here: a coin that was labelled before it came is kept back as it comes, if it is to be. */
  chainEvent(turn: Turn, event: ChainEvent): void {
    if (event.tag !== "ScriptPaid") return this.#wallet.chainEvent(turn, event);
    const outpoint = { txid: txidOf(event.by.tx), vout: event.vout };
    const key = outpointKey(outpoint);
    const isKnown = this.#wallet.state().coins.has(key);
    this.#wallet.chainEvent(turn, event);
    if (isKnown || !this.#wallet.state().coins.has(key)) return;
    if (this.#labels.get(labelKey("output", key))?.spendable !== false) return;
    const kept = this.#wallet.setLocks(turn, [{ outpoint, locked: true }]);
    if (!kept.ok) this.#ctx.log.warn("a coin is not kept back", { outpoint: key, why: kept.error.fault.code });
  }
  /** What a coin is called: itself, else its address. */
  ofCoin(utxo: WalletUtxo): WalletUtxo {
    const own = this.#labels.get(labelKey("output", outpointKey(utxo.outpoint)))?.label;
    const label = own || this.#labels.get(labelKey("addr", utxo.address))?.label || utxo.label;
    return { ...utxo, label };
  }
  ofTransaction(transaction: WalletTransaction): WalletTransaction {
    const label = this.#labels.get(labelKey("tx", transaction.txid))?.label || transaction.label;
    return { ...transaction, label };
  }
}
