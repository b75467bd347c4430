import { type Contribution, type Effect, replacedByNext } from "../../../channels/index.ts";
import { type Outpoint, outpointKey } from "../../base/ids.ts";
import type { Tx } from "../../bitcoin/tx.ts";
import type { Turn } from "../turn.ts";
import { doubted } from "../wallet/answered.ts";
import { forgetUnsent, publishTogether, signTogether } from "../wallet/contribute.ts";
import { type CoinsNeed, gather, release, serialId } from "./funding-coins.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

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
      if (entry.state.tag === "ConstructingFunding") entry.fundingTxid = txid;
      if (entry.state.tag === "ConstructingFunding" && entry.batch !== undefined)
        return entry.batch.construction.constructed(host, turn, entry, effect.constructed);
      // What both spend of a channel is signed for apart.
      const inputs = effect.constructed.inputs.map((input) =>
        input.shared ? { ...input, from: "remote" as const } : input,
      );
      const witnesses = wallet.together(turn, (state, keys) =>
        signTogether(state, keys, { tx, inputs, fee: fee.local, replaces: replacedByNext(entry.state) }),
      );
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
      // Of several channels that it funds, one alone does not give it up: the last one does.
      if (host.table.fundedWith(entry).some(({ state }) => state.tag !== "Failed")) return undefined;
      return void wallet.together(turn, (state) => ({ step: doubted(state, effect.txid), value: undefined }));
    case "FundingReplaced":
      return wallet.giveUp(turn, effect.txid);
    case "TimeSignatures":
      return giveInTime(host, entry);
  }
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

/** Coins of ours for a transaction that is made with the peer. */
function contribute(host: ChannelHost, turn: Turn, entry: ChannelEntry, need: CoinsNeed): void {
  const isNew = entry.state.tag === "ConstructingFunding";
  if (isNew && entry.batch !== undefined) return entry.batch.construction.needs(host, turn, entry, need);
  // In place of what is there, one that funds this channel alone would take the others' funding away.
  if (host.table.fundedWith(entry).length > 0)
    return host.apply(turn, entry, { tag: "NothingToContribute", reason: "the transaction funds other channels too" });
  gather(host, turn, entry, need, isNew ? [need.format] : [], (later, gathered) => {
    if (!gathered.ok) return host.apply(later, entry, { tag: "NothingToContribute", reason: gathered.error });
    const { coins, change } = gathered.value;
    const contribution: Contribution = {
      inputs: coins.map(({ prevtx, vout }) => ({ serialId: serialId(host), prevtx, vout })),
      outputs: change === undefined ? [] : [{ serialId: serialId(host), output: change }],
      shared: { input: serialId(host), output: serialId(host) },
    };
    host.apply(later, entry, { tag: "Contribution", contribution });
  });
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
