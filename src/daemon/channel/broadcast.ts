import type { Effect } from "../../../channels/index.ts";
import { present } from "../../base/result.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { Turn } from "../turn.ts";
import { answer } from "./answers.ts";
import { publish } from "./funding.ts";
import type { ChannelHost } from "./host.ts";
import { type ChannelEntry, paramsOf } from "./table.ts";

/** A transaction of a channel goes out: by the wallet's hands where coins of it may be in it, or what it pays may be ours. */
export function broadcast(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  effect: Extract<Effect, { tag: "Broadcast" | "Rebroadcast" }>,
): void {
  if (effect.why !== "funding" && effect.why !== "splice") return host.parts.wallet.broadcast(turn, effect.tx);
  if (effect.tag === "Rebroadcast") return again(host, turn, effect.tx);
  if (effect.why === "splice") return publish(host, turn, effect.tx);
  const params = present(paramsOf(entry.state), "a funding transaction belongs to a funded channel");
  // Lost with this disk, it could be got back from a copy of the backup that tells of it.
  host.parts.backup.whenKept(turn, (later) => {
    const { state } = entry;
    const { wallet } = host.parts;
    const txid = txidOf(effect.tx);
    const isTogether = "attempts" in state && (state.attempts.signed.length > 0 || state.commitments.others.length > 0);
    // Long after both have made it, nothing but the wallet says whether a coin of ours is in it: what only pays us it does not keep.
    if (isTogether || wallet.state().txs.get(txid)?.tx === undefined) publish(host, later, effect.tx);
    else wallet.publish(later, txid);
    answer(later, entry);
    host.parts.ctx.events.record(later, "channel.opening", {
      channelId: params.channelId,
      peer: entry.peer,
      capacitySat: params.capacity.toString(),
      fundingTxid: params.funding.txid,
    });
  });
}

/** Unless the wallet has given it up: its coins are free, or perhaps spent otherwise. */
function again({ parts: { wallet } }: ChannelHost, turn: Turn, tx: Tx): void {
  const status = wallet.state().txs.get(txidOf(tx))?.status;
  if (status === undefined || status === "published") wallet.broadcast(turn, tx);
}
