import { type CommitmentFormat, type Effect, replacedByNext } from "../../../channels/index.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import type { Sat } from "../../base/units.ts";
import { type Tx, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import type { Turn } from "../turn.ts";
import { choose, type NoContribution, setFree } from "../wallet/contribute.ts";
import { keptFor } from "../wallet/faults.ts";
import type { WalletCoin } from "../wallet/state.ts";
import { reserveOf } from "./closing-reserve.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

export type CoinsNeed = Extract<Effect, { tag: "NeedContribution" }>;
/** Coins that are held, each with the transaction that pays it, which a peer has to see, and what comes back. */
export interface Gathered {
  readonly coins: readonly { readonly prevtx: Tx; readonly vout: number; readonly coin: WalletCoin }[];
  readonly change: TxOut | undefined;
}

/**
 * Holds coins for a transaction that is made with peers, until `release`, and tells them or why there are none; not at all when
 * they were given back meanwhile. `formats`: of the channels that come of it, which may have to be closed against their peers' will.
 */
export function gather(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  need: Omit<CoinsNeed, "tag" | "format">,
  formats: readonly CommitmentFormat[],
  told: (turn: Turn, gathered: Result<Gathered, string>) => void,
): void {
  const { ctx, wallet } = host.parts;
  const keep = reserveOf(host.table.settled(), ctx.policy.channel, formats);
  const replaces = replacedByNext(entry.state);
  const chosen = wallet.together(turn, (state, keys) => choose(state, keys, { ...need, keep, replaces }));
  if (!chosen.ok) {
    entry.lacksCoins = chosen.error.code === "insufficient_funds";
    return told(turn, err(whyNone(chosen.error, need.confirmedOnly, keep)));
  }
  const { coins, change, held } = chosen.value;
  entry.held = held;
  void Promise.all(coins.map((coin) => previousTx(host, coin))).then((txs) =>
    ctx.turns.run((later) => {
      if (entry.held !== held) return;
      const missing = coins.find((_, at) => txs[at] === undefined);
      if (missing !== undefined) {
        release(host, later, entry);
        entry.lacksPrevious = true;
        return told(later, err(`the transaction ${missing.outpoint.txid} is not at hand`));
      }
      const shown = coins.map((coin, at) => ({
        prevtx: present(txs[at], "none is missing"),
        vout: coin.outpoint.vout,
        coin,
      }));
      told(later, ok({ coins: shown, change }));
    }),
  );
}
function whyNone(refused: NoContribution, confirmedOnly: boolean, keep: Sat): string {
  if (refused.code === "has_children") return "a payment that waits spends the change of what would be replaced";
  const which = confirmedOnly ? " in confirmed coins, which the peer asks for" : "";
  return `insufficient funds${which}: needs ${refused.needed} sat${keptFor(keep)}, ${refused.available} sat can be spent`;
}

/** What an entry held for a transaction that will not be. */
export function release(host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
  const { held } = entry;
  if (held.length > 0) host.parts.wallet.together(turn, (state) => setFree(state, held));
  entry.held = [];
}

/** A random number of 64 bits. BOLT 2 §The tx_add_input Message. */
export const serialId = ({ parts }: ChannelHost): bigint =>
  parts.ctx.random.bytes(8).reduce((id, byte) => (id << 8n) | BigInt(byte), 0n);

/** The transaction that pays a coin of ours: the wallet has its own, the chain has the others. */
async function previousTx({ parts }: ChannelHost, { outpoint, paidIn }: WalletCoin): Promise<Tx | undefined> {
  const { txid } = outpoint;
  const own = parts.wallet.state().txs.get(txid)?.tx;
  if (own !== undefined) return own;
  const { chain, log } = parts.ctx;
  try {
    const found = await chain.transaction(txid);
    if (found.ok && found.value !== undefined) return found.value.tx;
    const block = paidIn === undefined ? undefined : await chain.blockAt(paidIn.height);
    return block?.ok ? block.value?.txs.find((tx) => txidOf(tx) === txid) : undefined;
  } catch (error) {
    log.warn("a transaction could not be looked up", { txid, error: String(error) });
    return undefined;
  }
}
