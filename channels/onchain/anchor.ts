import { type BlockHeight, blockHeight, sat, sumSat, toSatFloor } from "../../src/base/units.ts";
import { weightOf } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { Htlc } from "../htlc.ts";
import type { Failed } from "../state.ts";
import { ANCHOR_SAT } from "../tx/format.ts";
import { scriptLock } from "../tx/lock.ts";
import { anchorScript } from "../tx/scripts.ts";
import type { Claim } from "./claim.ts";
import { currentLocal } from "./classify.ts";
import { signedOn } from "./decided.ts";

/** Of the HTLCs whose time runs, and of our own balance, what may go to miners for a commitment in time, in percent. Policy, not protocol. */
const HTLC_SHARE = 25n;
const BALANCE_SHARE = 5n;
/** Blocks that are left for the second stage once the commitment is mined. Policy, not protocol. */
const SECOND_STAGE_BLOCKS = 6;
/** Blocks within which a commitment should be mined that nothing hurries. Policy, not protocol. */
const UNHURRIED_BLOCKS = 144;

/**
 * Pays for our unconfirmed commitment through its anchor, as its own fee was agreed on long before and may be too low by
 * now. The wallet adds the coins. BOLT 3 §to_local_anchor and to_remote_anchor Output (option_anchors).
 */
export function anchorClaim(env: ChannelEnv, state: Failed): Claim | undefined {
  const { failedAt, funding } = state;
  const tx = signedOn(state);
  // Without the output that it spends no fee gets it mined: coins would wait for whoever never funded the channel.
  if (tx === undefined || failedAt === undefined || funding.confirmed === undefined) return undefined;
  const { txid, outputs, fee } = currentLocal(env, state);
  // Of a format without anchors it pays what it pays.
  const vout = outputs.findIndex(({ role }) => role.tag === "to_local_anchor");
  if (vout < 0) return undefined;
  const urgent = state.commitments.htlcs.filter(isUrgent);
  const ours = outputs.filter(({ role }) => role.tag === "to_local").map(({ amount }) => amount);
  const atStake = sumSat(urgent.map(({ amount }) => toSatFloor(amount)));
  return {
    outpoint: { txid, vout },
    amount: ANCHOR_SAT,
    why: "anchor",
    key: { tag: "anchor" },
    lock: scriptLock(anchorScript(state.params.local.basepoints.fundingPubkey)),
    before: [],
    after: [],
    sequence: 0xffff_fffd,
    locktime: 0,
    output: undefined,
    presigned: false,
    parent: { weight: weightOf(tx), fee },
    since: failedAt,
    deadline: deadlineOf(urgent, failedAt),
    budget: sat((atStake * HTLC_SHARE + sumSat(ours) * BALANCE_SHARE) / 100n),
  };
}

/** Ours to take back, or ours to claim: the other side gets it if we are late. */
const isUrgent = (htlc: Htlc): boolean => htlc.side === "offered" || htlc.removal?.tag === "fulfilled";

function deadlineOf(urgent: readonly Htlc[], failedAt: BlockHeight): BlockHeight {
  const heights = urgent.map(({ side, expiry }) => (side === "offered" ? expiry : expiry - SECOND_STAGE_BLOCKS));
  return blockHeight(Math.max(Math.min(...heights, failedAt + UNHURRIED_BLOCKS), failedAt + 1));
}
