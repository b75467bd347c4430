import { equalBytes, printable } from "../../src/base/bytes.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import type { ChannelReestablish } from "../../src/wire/updates.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput } from "../input.ts";
import { watchAndClaim, withoutSpendsFrom } from "../onchain/follow.ts";
import { isOver } from "../onchain/progress.ts";
import { OTHERS_MAX } from "../splice/rules.ts";
import type { ChainSpend } from "../state.ts";
import { bind, commit, type Effect, isVolatile, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { restoredFundings } from "./kept.ts";
import { neverFunded } from "./never-funded.ts";
import { isOwnFunding, restoredProgress } from "./progress.ts";
import type { Restored, RestoredFunding } from "./state.ts";

/** A channel of which nothing but a static backup is left. */
export function restore({ params, others, since }: Extract<ChannelInput, { tag: "Restore" }>): Transition {
  const state: Restored = { tag: "Restored", params, others, since, spends: [] };
  return commit(state, ...watchFundings(state), { tag: "NotifyUpdated" });
}

/**
 * What a restored channel does: asks the peer to close whenever it is there, and claims what is ours of what the chain
 * then holds. None of its answers signs for a commitment, or publishes one.
 */
export function stepRestored(env: ChannelEnv, state: Restored, input: ChannelInput): Transition {
  switch (input.tag) {
    case "Resume":
      return follow(env, state, state, watchFundings(state));
    case "Connected":
      return askToClose(env, state);
    case "PeerMessage": {
      const { message } = input;
      const isWord = message.name === "error" || message.name === "warning";
      return isWord ? stay({ tag: "PeerWarned", text: printable(message.data) }) : stay();
    }
    case "NeverFunded":
      return neverFunded(state);
    case "BlockConnected":
      return follow(env, state, state, []);
    case "FundingSpent":
      return fundingSpent(env, state, input);
    case "OutputSpent":
      return spent(env, state, { outpoint: input.outpoint, tx: input.tx, height: input.height });
    case "SpendsReorged": {
      const next = withoutSpendsFrom(state, input.height);
      return next === undefined ? stay() : follow(env, state, next, [{ tag: "NotifyUpdated" }]);
    }
    default:
      return refused(state, input);
  }
}

function refused(state: Restored, input: ChannelInput): Transition {
  switch (input.tag) {
    case "OfferHtlc":
      return stay({ tag: "Refused", origin: input.origin, reason: { code: "not_open" } });
    case "FulfillHtlc":
    case "FailHtlc":
    case "FailMalformedHtlc":
    case "UpdateFee":
    case "Shutdown":
    case "ForceClose":
      return stay({ tag: "CommandRefused", command: input.tag, reason: { code: "wrong_state", state: state.tag } });
    default:
      return stay();
  }
}

const watchFundings = (state: Restored): readonly VolatileEffect[] => restoredFundings(state).map(watchFunding);
const watchFunding = (funding: RestoredFunding): VolatileEffect => ({
  tag: "WatchFunding",
  outpoint: funding.outpoint,
  script: scriptOf(funding),
});
const scriptOf = ({ capacity, keys }: RestoredFunding): Uint8Array =>
  fundingOutput(keys.local, keys.remote, capacity).script;

/** What the peer reads when it has lost nothing itself. */
const LOST = "our state is lost: please close the channel";
const NO_SECRET = new Uint8Array(32);
/** A `next_commitment_number` of zero fails the channel at the peer, which then publishes its commitment. BOLT 2 §Message Retransmission. */
function askToClose({ keys }: ChannelEnv, state: Restored): Transition {
  const { channelId } = state.params;
  const message: ChannelReestablish = {
    name: "channel_reestablish",
    channel_id: channelId,
    next_commitment_number: 0n,
    next_revocation_number: 0n,
    your_last_per_commitment_secret: NO_SECRET,
    my_current_per_commitment_point: keys.commitmentPoint(0n),
  };
  return commit(state, bind(message), { tag: "SendError", channelId, text: LOST });
}

function fundingSpent(env: ChannelEnv, state: Restored, { tx, height }: Omit<ChainSpend, "outpoint">): Transition {
  const inputs = new Set(tx.inputs.map(({ prevout }) => outpointKey(prevout)));
  const funding = restoredFundings(state).find(({ outpoint }) => inputs.has(outpointKey(outpoint)));
  assert(funding !== undefined, "the transaction spends a funding output");
  const made = madeOf(state, funding, tx);
  const next = made.length === 0 ? state : { ...state, others: [...state.others, ...made] };
  return spent(env, next, { outpoint: funding.outpoint, tx, height }, made.map(watchFunding));
}
/** The backup is from before a splice: what both keys are behind again is the channel's next funding, and no close. */
function madeOf(state: Restored, spentFunding: RestoredFunding, tx: Tx): readonly RestoredFunding[] {
  const { keys } = spentFunding;
  const script = scriptOf(spentFunding);
  const txid = txidOf(tx);
  if (isOwnFunding(state, txid) || state.others.length >= OTHERS_MAX) return [];
  const vout = tx.outputs.findIndex((output) => equalBytes(output.script, script));
  const output = tx.outputs[vout];
  return output === undefined ? [] : [{ outpoint: { txid, vout }, capacity: output.amount, keys }];
}
function spent(
  env: ChannelEnv,
  state: Restored,
  spend: ChainSpend,
  before: readonly VolatileEffect[] = [],
): Transition {
  const key = outpointKey(spend.outpoint);
  const same = state.spends.find(({ outpoint }) => outpointKey(outpoint) === key);
  const txid = txidOf(spend.tx);
  if (same !== undefined && same.height === spend.height && txidOf(same.tx) === txid) return stay();
  const next = { ...state, spends: [...state.spends.filter((known) => known !== same), spend] };
  const isEnd =
    restoredFundings(state).some(({ outpoint }) => key === outpointKey(outpoint)) && !isOwnFunding(state, txid);
  const closed: readonly Effect[] = isEnd ? [{ tag: "Closed", txid, height: spend.height }] : [];
  return follow(env, state, next, [...before, ...closed, { tag: "NotifyUpdated" }]);
}

/** All of it follows from the facts, so it may be said any number of times. */
function follow(env: ChannelEnv, known: Restored, state: Restored, before: readonly Effect[]): Transition {
  const progress = restoredProgress(env, state);
  if (progress === undefined) return answer(known, state, before);
  if (isOver(env, progress)) return commit(state, ...before, { tag: "Forget", reason: "closed and buried" });
  return answer(known, state, [...before, ...watchAndClaim(progress)]);
}
const answer = (known: Restored, next: Restored, effects: readonly Effect[]): Transition =>
  known === next && effects.every(isVolatile) ? stay(...effects) : commit(next, ...effects);
