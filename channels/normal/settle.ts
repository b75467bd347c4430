import { equalBytes, toHex } from "../../src/base/bytes.ts";
import { idBytes, type PaymentHash, type Preimage } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { hasFeature } from "../../src/wire/features.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { NO_ONION, type ReceivedHtlc, type Removal } from "../htlc.ts";
import type { ChannelInput } from "../input.ts";
import type { ChannelState, Commitments, Failed, UpdatingState } from "../state.ts";
import {
  advance,
  bind,
  type CommandRefusal,
  commit,
  type Effect,
  propose,
  stay,
  type Transition,
} from "../transition.ts";
import { queueSign } from "./queue.ts";
import { keptReason } from "./reasons.ts";
import { isHolding } from "./stfu.ts";
import { removalMessage } from "./update-messages.ts";

type SettleCommand = "FulfillHtlc" | "FailHtlc" | "FailMalformedHtlc";
export const hashesTo = (preimage: Preimage, hash: PaymentHash): boolean => toHex(sha256(idBytes(preimage))) === hash;

/** Whether both nodes say who has held an HTLC for how long. BOLT 9 §Assigned Feature Flags. */
export const isAttributing = ({ features }: ChannelEnv): boolean => hasFeature(features, OPTION_ATTRIBUTION_DATA);
const OPTION_ATTRIBUTION_DATA = 36;
/** How we answer an HTLC that is ours to answer. */
export function answerOf(env: ChannelEnv, input: Extract<ChannelInput, { tag: "FulfillHtlc" | "FailHtlc" }>): Removal {
  const { attribution } = input;
  const attributed = attribution !== undefined && isAttributing(env) ? { attribution } : {};
  return input.tag === "FulfillHtlc"
    ? { tag: "fulfilled", preimage: input.preimage, ...attributed }
    : { tag: "failed", reason: input.reason, ...attributed };
}

/**
 * Removes an HTLC that the peer offered. A preimage is a promise and is written before it leaves, whether or not there
 * is a connection; a failure may be lost, as the host is told again of every unresolved HTLC.
 * BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc.
 */
export function removeReceived(state: ChannelState, command: SettleCommand, id: bigint, removal: Removal): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command, reason });
  if (state.tag !== "Normal" && state.tag !== "ShuttingDown" && state.tag !== "Failed")
    return refuse({ code: "wrong_state", state: state.tag });
  const { commitments } = state;
  const htlc = commitments.htlcs.find((known) => known.side === "received" && known.id === id);
  if (htlc === undefined) return refuse({ code: "unknown_htlc", id });
  if (htlc.removal !== undefined)
    return sameRemoval(htlc.removal, removal) ? stay() : refuse({ code: "htlc_already_removed", id });
  if (htlc.step !== "RECEIVED_ADD_ACK_REVOCATION") return refuse({ code: "htlc_not_committed", id });
  if (removal.tag === "fulfilled" && !hashesTo(removal.preimage, htlc.paymentHash))
    return refuse({ code: "wrong_preimage", id });
  const held = state.tag !== "Failed" && isHolding(state);
  const step = held ? htlc.step : "SENT_REMOVE_HTLC";
  const removed: ReceivedHtlc = { ...htlc, step, removal: keptRemoval(commitments, removal), onion: NO_ONION };
  const after: Commitments = {
    ...commitments,
    htlcs: commitments.htlcs.map((known) => (known === htlc ? removed : known)),
    proposed: held ? commitments.proposed : [...commitments.proposed, { tag: "remove", id }],
  };
  assertConserved(state.params, after);
  assert(after.balance === commitments.balance, "a removal moves no balance before it is irrevocable");
  if (state.tag === "Failed") return removeAfterFailure(state, after, removal);
  // A preimage is kept from now on, whenever it may be told.
  if (held) return (removal.tag === "fulfilled" ? commit : advance)({ ...state, commitments: after });
  return sendRemoval({ ...state, commitments: after }, removed);
}

function keptRemoval({ htlcs }: Commitments, removal: Removal): Removal {
  if (removal.tag !== "failed") return removal;
  const reason = keptReason(htlcs, removal.reason);
  return reason === removal.reason ? removal : { tag: "failed", reason };
}

/** Without a peer to talk to only the preimage matters: the chain will ask for it. */
function removeAfterFailure(state: Failed, after: Commitments, removal: Removal): Transition {
  return removal.tag === "fulfilled" ? commit({ ...state, commitments: after }, { tag: "NotifyUpdated" }) : stay();
}

function sendRemoval(after: UpdatingState, removed: ReceivedHtlc): Transition {
  const { state, effects } = queueSign(after);
  const online = state.link.tag === "online";
  const message = removalMessage(state, removed);
  if (message.name === "update_fulfill_htlc") {
    const sent: readonly Effect[] = online ? [bind(message)] : [];
    return commit(state, ...sent, ...effects);
  }
  return online ? advance(state, propose(message), ...effects) : advance(state);
}

function sameRemoval(a: Removal, b: Removal): boolean {
  if (a.tag === "fulfilled") return b.tag === "fulfilled" && a.preimage === b.preimage;
  if (a.tag === "failed") return b.tag === "failed" && equalBytes(a.reason, b.reason);
  return b.tag === "malformed" && a.code === b.code && equalBytes(a.sha256OfOnion, b.sha256OfOnion);
}
