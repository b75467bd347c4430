import { type BlockHeight, blockHeight, type Sat, sat, sumSat } from "../../src/base/units.ts";
import { weightOf } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { Htlc } from "../htlc.ts";
import type { Failed } from "../state.ts";
import type { CommitmentOutput } from "../tx/commitment.ts";
import { ANCHOR_SAT } from "../tx/format.ts";
import { scriptLock } from "../tx/lock.ts";
import { anchorScript } from "../tx/scripts.ts";
import { type Claim, type FeeBudget, MINED_WITHIN_BLOCKS } from "./claim.ts";
import { currentLocal } from "./classify.ts";
import { signedOn } from "./decided.ts";
import { isAtStake } from "./stake.ts";

/** Of the HTLCs that are lost if we are late, and of what is only ours to wait for, what may go to miners, in percent. Policy, not protocol. */
const STAKE_SHARE = 25n;
const OWN_SHARE = 5n;
/** Blocks that are left for the second stage once the commitment is mined. Policy, not protocol. */
const SECOND_STAGE_BLOCKS = 6;
/** Blocks in which a commitment that nothing hurries comes to cost all that it may: no estimate is wrong for so long. Policy, not protocol. */
const UNHURRIED_BLOCKS = 1_008;

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
    budgets: budgetsOf(state, outputs, failedAt),
  };
}

/** What its outputs are worth to us: some of it only if it is mined in time. An HTLC without an output is lost to miners anyway. */
function budgetsOf(
  { commitments }: Failed,
  outputs: readonly CommitmentOutput[],
  failedAt: BlockHeight,
): readonly FeeBudget[] {
  const pending = outputs.flatMap(({ role, amount }) => {
    const htlc = role.tag === "htlc" && commitments.htlcs.find((one) => isSame(one, role.htlc));
    return htlc ? [{ htlc, amount }] : [];
  });
  const urgent = pending.filter(({ htlc }) => isAtStake(htlc));
  const waiting = [
    ...pending.filter(({ htlc }) => htlc.side === "offered" && !isAtStake(htlc)),
    ...outputs.filter(({ role }) => role.tag === "to_local"),
  ];
  const unhurried = { most: share(waiting, OWN_SHARE), deadline: blockHeight(failedAt + UNHURRIED_BLOCKS) };
  if (urgent.length === 0) return [unhurried];
  const deadline = deadlineOf(
    urgent.map(({ htlc }) => htlc),
    failedAt,
  );
  return [{ most: share(urgent, STAKE_SHARE), deadline }, unhurried];
}
const isSame = (htlc: Htlc, { side, id }: Pick<Htlc, "side" | "id">): boolean => htlc.side === side && htlc.id === id;
const share = (of: readonly { readonly amount: Sat }[], percent: bigint): Sat =>
  sat((sumSat(of.map(({ amount }) => amount)) * percent) / 100n);

/** What we passed on cannot be taken back before its expiry, and upstream waits beyond that. */
function deadlineOf(urgent: readonly Htlc[], failedAt: BlockHeight): BlockHeight {
  const heights = urgent.map(({ side, expiry }) =>
    side === "offered" ? Math.max(expiry, failedAt) + MINED_WITHIN_BLOCKS : expiry - SECOND_STAGE_BLOCKS,
  );
  return blockHeight(Math.max(Math.min(...heights), failedAt + 1));
}
