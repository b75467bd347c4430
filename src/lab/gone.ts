import { tally, type View } from "../../channels/commitments.ts";
import type { FundedState, OfferedHtlc } from "../../channels/index.ts";
import type { CommitmentHtlc } from "../../channels/tx/commitment.ts";
import { ANCHOR_SAT } from "../../channels/tx/format.ts";
import { isTrimmed } from "../../channels/tx/weights.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { type Msat, toSatFloor } from "../base/units.ts";
import { OP } from "../bitcoin/opcodes.ts";
import { type Tx, type TxOut, txidOf } from "../bitcoin/tx.ts";
import { ChainIndex } from "./chain-index.ts";
import { RESOLUTION_DEPTH } from "./depths.ts";
import { UNECONOMICAL_SAT } from "./small.ts";
import { fundingsOnChain, type Splices } from "./splices.ts";
import type { World } from "./world.ts";

/**
 * Whether the best chain has ended an HTLC that was offered in a channel: what closed it is deep enough, and so is what
 * spends the output, if it has one. Outputs are known by their amount: this asks nobody who could be wrong, but for which
 * of several HTLCs of one amount a commitment held.
 */
export function isGoneOnChain(
  world: Pick<World, "chain">,
  splices: Splices,
  state: FundedState,
  { id, amount, expiry }: OfferedHtlc,
): boolean {
  const index = new ChainIndex(world);
  const closing = index.spender(present(fundingsOnChain(index, splices, state).at(-1), "a channel has a funding"));
  // Nobody need fetch it: it is given up once it could have been taken back so deep.
  const isLate = world.chain.brain.chain.tip.height >= expiry + RESOLUTION_DEPTH;
  if (isLate && isTrimmedByBoth(state, amount)) return true;
  if (closing === undefined || index.depth(closing) < RESOLUTION_DEPTH) return false;
  const txid = txidOf(closing);
  const spenders = closing.outputs
    .flatMap((output, vout) => (output.amount === toSatFloor(amount) && !isAnchor(output) ? [{ txid, vout }] : []))
    .filter((outpoint) => !isSpentAsBalance(index, outpoint))
    .map((outpoint) => index.spender(outpoint));
  const isDeep = (tx: Tx | undefined): boolean => tx !== undefined && index.depth(tx) >= RESOLUTION_DEPTH;
  if (toSatFloor(amount) <= UNECONOMICAL_SAT && isLate) return true;
  if (spenders.length === 0 || spenders.some(isDeep)) return true;
  const held = heldBy(state, closing);
  const alike = held.htlcs.filter((htlc) => toSatFloor(htlc.amount) === toSatFloor(amount));
  return alike.length === spenders.length && !alike.some((htlc) => htlc.side === held.offered && htlc.id === id);
}

/** The HTLCs of what closed a channel, and the side on which those stand there that this node offered. */
interface Held {
  readonly htlcs: readonly CommitmentHtlc[];
  readonly offered: CommitmentHtlc["side"];
}
function heldBy(state: FundedState, closing: Tx): Held {
  if (state.tag === "Failed" && state.revoked) return { htlcs: state.revoked.htlcs, offered: "received" };
  const { commitments } = state;
  const onEach = [commitments, ...commitments.others];
  const held = (view: View): Held => ({ htlcs: tally(commitments, view).htlcs, offered: "received" });
  const txid = txidOf(closing);
  if (onEach.some(({ remote }) => remote.txid === txid)) return held("remote");
  if (onEach.some(({ sent }) => sent?.txid === txid)) return held("remote_signed");
  return { ...held("local"), offered: "offered" };
}

/** No HTLC that has an output is so small. BOLT 3 §Dust Limits. */
const isAnchor = ({ amount }: TxOut): boolean => amount === ANCHOR_SAT;
/** Balances may be of one amount with an HTLC. What an output was shows once it is spent: of all scripts only HTLCs' begin so. */
function isSpentAsBalance(index: ChainIndex, outpoint: Outpoint): boolean {
  const key = outpointKey(outpoint);
  const input = index.spender(outpoint)?.inputs.find(({ prevout }) => outpointKey(prevout) === key);
  return input !== undefined && input.witness.at(-1)?.[0] !== OP.DUP;
}

/** Nobody can fetch it at all, whatever is mined. */
const isTrimmedByBoth = ({ params, commitments: { feerate } }: FundedState, amount: Msat): boolean =>
  isTrimmed({ side: "offered", amount }, params.local.dustLimit, feerate, params.type.format) &&
  isTrimmed({ side: "received", amount }, params.remote.dustLimit, feerate, params.type.format);
