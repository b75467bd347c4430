import { type Contribution, type Effect, replacedByNext } from "../../channels/index.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import { present } from "../base/result.ts";
import type { Sat } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";
import { txidOf } from "../bitcoin/tx.ts";
import type { ChannelHost } from "./channel-host.ts";
import type { ChannelEntry } from "./channel-table.ts";
import { reserveOf } from "./closing-reserve.ts";
import type { Turn } from "./turn.ts";
import { doubted } from "./wallet/answered.ts";
import {
  choose,
  forgetUnsent,
  type NoContribution,
  publishTogether,
  setFree,
  signTogether,
} from "./wallet/contribute.ts";
import { keptFor } from "./wallet/faults.ts";
import type { WalletCoin } from "./wallet/state.ts";

/** What is asked for while a funding transaction is made together with the peer. */
export type FundingEffect = Extract<
  Effect,
  {
    tag:
      | "NeedContribution"
      | "NeedConfirmation"
      | "NeedFundingWitnesses"
      | "ReleaseCoins"
      | "ReleaseFunding"
      | "GiveUpFunding"
      | "FundingReplaced"
      | "TimeSignatures";
  }
>;
type Contributing = Extract<FundingEffect, { tag: "NeedContribution" }>;
/** For so long coins are kept from everything else for a peer that says nothing (RELIABILITY U11). Policy, not protocol. */
const FUNDING_MS_MAX = 60_000;

/** Carries out one of them. */
export function performFundingEffect(host: ChannelHost, turn: Turn, entry: ChannelEntry, effect: FundingEffect): void {
  const { wallet } = host.parts;
  switch (effect.tag) {
    case "NeedContribution":
      giveInTime(host, entry);
      return turn.next((later) => contribute(host, later, entry, effect));
    case "NeedConfirmation":
      return void confirmed(host, effect.outpoint).then((isConfirmed) =>
        host.parts.ctx.turns.run((later) =>
          host.apply(later, entry, {
            tag: "InputConfirmation",
            outpoint: effect.outpoint,
            confirmed: isConfirmed,
          }),
        ),
      );
    case "NeedFundingWitnesses": {
      const { tx, fee, txid } = effect.constructed;
      // What both spend of a channel is signed for apart.
      const inputs = effect.constructed.inputs.map((input) =>
        input.shared ? { ...input, from: "remote" as const } : input,
      );
      const witnesses = wallet.together(turn, (state, keys) =>
        signTogether(state, keys, { tx, inputs, fee: fee.local, replaces: replacedByNext(entry.state) }),
      );
      if (entry.state.tag === "ConstructingFunding") entry.fundingTxid = txid;
      release(host, turn, entry);
      if (witnesses === undefined)
        return host.apply(turn, entry, { tag: "AbortOpening", reason: "a coin of ours is gone" });
      return host.apply(turn, entry, { tag: "FundingWitnesses", witnesses });
    }
    case "ReleaseCoins":
      return release(host, turn, entry);
    case "ReleaseFunding":
      return wallet.together(turn, (state) => forgetUnsent(state, effect.txid));
    case "GiveUpFunding":
      return void wallet.together(turn, (state) => ({ step: doubted(state, effect.txid), value: undefined }));
    case "FundingReplaced":
      return wallet.giveUp(turn, effect.txid);
    case "TimeSignatures":
      return giveInTime(host, entry);
  }
}

/** What an entry held for a transaction that will not be. */
export function release(host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
  const { held } = entry;
  if (held.length > 0) host.parts.wallet.together(turn, (state) => setFree(state, held));
  entry.held = [];
}
function whyNone(refused: NoContribution, { confirmedOnly }: Contributing, keep: Sat): string {
  if (refused.code === "has_children") return "a payment that waits spends the change of what would be replaced";
  const which = confirmedOnly ? " in confirmed coins, which the peer asks for" : "";
  return `insufficient funds${which}: needs ${refused.needed} sat${keptFor(keep)}, ${refused.available} sat can be spent`;
}
/** A complete transaction goes out; where nothing of it is ours it is only said. */
export function publish({ parts: { wallet } }: ChannelHost, turn: Turn, tx: Tx): void {
  if (!wallet.together(turn, (state) => publishTogether(state, tx))) wallet.broadcast(turn, tx);
}

function giveInTime(host: ChannelHost, entry: ChannelEntry): void {
  const { clock, turns } = host.parts.ctx;
  entry.cancelFunding();
  entry.cancelFunding = clock.after(FUNDING_MS_MAX, () =>
    turns.run((turn) => {
      release(host, turn, entry);
      if (isUnsigned(entry))
        host.apply(turn, entry, { tag: "AbortOpening", reason: "the peer did not answer in time" });
    }),
  );
}
/** A funding transaction is under way, and our signatures for it have not left. */
function isUnsigned({ state }: ChannelEntry): boolean {
  if (state.tag === "Normal")
    return state.commitments.others.some(({ made }) => made !== undefined && made.signature === undefined);
  if (state.tag === "ConstructingFunding" || state.tag === "WaitForFundingSignatures") return true;
  if (state.tag !== "WaitForFundingConfirmed") return false;
  return state.attempts.next !== undefined || (state.link.tag === "online" && state.link.negotiation !== undefined);
}

/** Coins, each with the transaction that pays it, which the peer has to see. */
function contribute(host: ChannelHost, turn: Turn, entry: ChannelEntry, need: Contributing): void {
  const { ctx, wallet } = host.parts;
  // This channel too may have to be closed against the peer's will.
  const isNew = entry.state.tag === "ConstructingFunding";
  const keep = reserveOf(host.table.settled(), ctx.policy.channel, isNew ? [need.format] : []);
  const chosen = wallet.together(turn, (state, keys) =>
    choose(state, keys, { ...need, keep, replaces: replacedByNext(entry.state) }),
  );
  if (!chosen.ok) {
    return host.apply(turn, entry, { tag: "NothingToContribute", reason: whyNone(chosen.error, need, keep) });
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
        const reason = `the transaction ${missing.outpoint.txid} is not at hand`;
        return host.apply(later, entry, { tag: "NothingToContribute", reason });
      }
      const serial = (): bigint => ctx.random.bytes(8).reduce((id, byte) => (id << 8n) | BigInt(byte), 0n);
      const contribution: Contribution = {
        inputs: coins.map(({ outpoint: { vout } }, at) => ({
          serialId: serial(),
          prevtx: present(txs[at], "none is missing"),
          vout,
        })),
        outputs: change === undefined ? [] : [{ serialId: serial(), output: change }],
        shared: { input: serial(), output: serial() },
      };
      host.apply(later, entry, { tag: "Contribution", contribution });
    }),
  );
}

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

/** Whether an output stands unspent in a block. What cannot be told is not confirmed. */
async function confirmed({ parts }: ChannelHost, outpoint: Outpoint): Promise<boolean> {
  try {
    return (await parts.ctx.chain.unspent(outpoint)) !== undefined;
  } catch (error) {
    parts.ctx.log.warn("a coin could not be looked up", { outpoint: outpointKey(outpoint), error: String(error) });
    return false;
  }
}
