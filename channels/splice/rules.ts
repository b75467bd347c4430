import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { isSat, type Sat, sat, toMsat } from "../../src/base/units.ts";
import { localTerms, remoteTerms, specOf, tally, type View } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { isInDoubt } from "../fundings/doubt.ts";
import { commitmentsOn, type OtherFunding, paramsOn } from "../fundings/other.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import type { TxSession } from "../interactive/session.ts";
import type { Side } from "../interactive/terms.ts";
import type { Signatures } from "../keys/signer.ts";
import type { Funded, Normal } from "../state.ts";
import { hasOutputs, openerCanPay } from "../tx/commitment.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import type { SplicePlan } from "./state.ts";

/** Splices of one funding that wait at once: each costs a signature on both sides for every update. Policy, not protocol. */
export const CANDIDATES_MAX = 10;
/**
 * So many blocks an attempt to replace a splice has, before the peer may replace it again: the next one may hold it, and all of
 * them are soon used up otherwise. The first one may come at once. Policy, not protocol. BOLT 2 §The tx_init_rbf Message.
 */
export const REPLACED_AFTER_BLOCKS = 1;
/**
 * Splices that a peer may begin at one height, over however many connections: each may cost us signatures that are remembered as long as
 * the channel, and silence (RELIABILITY U11). Policy, not protocol.
 */
export const BEGUN_MAX = 10;
/**
 * Other fundings that a channel may have, those among them that a reorganisation could bring back: each is watched, and written
 * with every update. Two for each of the hundred blocks in which they are kept. Policy, not protocol.
 */
export const OTHERS_MAX = 200;
/** Signatures that are not there yet. */
const NO_SIGNATURES: Signatures = { signature: new Uint8Array(64), htlcSignatures: [] };

/**
 * How deep a splice must be before we lock it. A channel that was trusted before any block held it, or after as few as the peer
 * asked for when we opened it, was so up to what it then held: what is put in later is trusted like any other channel
 * (RELIABILITY U8).
 */
export const lockDepth = ({ policy }: ChannelEnv, { params: { minimumDepth } }: Funded): number =>
  Math.max(minimumDepth, policy.minimumDepth);

/** Splices that both have signed and that are not locked, oldest first. */
export const pendingSplices = ({ commitments }: Funded): readonly OtherFunding[] =>
  commitments.others.filter(({ role, made }) => role === "active" && made !== undefined);

/** What a side holds in the channel now, in both commitments, in sat. */
export function balanceOf({ commitments }: Funded, side: Side): Sat {
  const held = (["local", "remote"] as const).map((view) => tally(commitments, view)[side]);
  return sat(held.reduce((least, one) => (one < least ? one : least)) / 1_000n);
}

/** What must be kept of a channel of this capacity that has been spliced: a hundredth, and no dust. BOLT 2 §The open_channel2 Message. */
function reserveOf(capacity: Sat, { params }: Funded): Sat {
  const dust = [params.local.dustLimit, params.remote.dustLimit];
  return dust.reduce((most, one) => (one > most ? one : most), sat(capacity / 100n));
}

/** What a splice with these contributions would be; undefined when the channel would hold nothing that can be shared, or more than there is. */
export function splicePlan(
  state: Funded,
  agreed: Omit<SplicePlan, "funding" | "terms"> & { readonly remoteKey: Uint8Array },
): SplicePlan | undefined {
  const { params } = state;
  const { remoteKey, ...rest } = agreed;
  const capacity = params.capacity + agreed.contribution.local + agreed.contribution.remote;
  if (!isSat(capacity)) return undefined;
  const reserve = reserveOf(capacity, state);
  if (capacity <= 2n * reserve) return undefined;
  const current = localTerms(params).funding;
  const keys = { local: params.local.basepoints.fundingPubkey, remote: remoteKey };
  const spends = fundingOutput(
    params.local.basepoints.fundingPubkey,
    params.remote.basepoints.fundingPubkey,
    params.capacity,
  );
  const replaces = pendingSplices(state).map(({ terms, made }) => {
    assert(made !== undefined, "a splice is made by both");
    const { constructed } = made;
    const inputs = constructed.inputs.map(({ outpoint }) => outpoint);
    return { txid: terms.outpoint.txid, inputs, fee: sat(constructed.fee.local + constructed.fee.remote) };
  });
  return {
    ...rest,
    funding: { capacity, keys, reserves: { local: reserve, remote: reserve } },
    terms: {
      channelId: params.channelId,
      initiator: agreed.initiator,
      feerate: agreed.feerate,
      locktime: agreed.locktime,
      dustLimit: params.local.dustLimit < params.remote.dustLimit ? params.local.dustLimit : params.remote.dustLimit,
      fundingOutput: fundingOutput(keys.local, keys.remote, capacity),
      contribution: agreed.contribution,
      sharedInput: { outpoint: params.funding, spends, witnessScript: current.witnessScript },
      replaces,
    },
  };
}

/** The funding that a splice makes, before anything of it is signed. */
export function draftOf(
  env: ChannelEnv,
  { commitments }: Funded,
  plan: SplicePlan,
  constructed: ConstructedTx,
): OtherFunding {
  const { local, remote } = commitments;
  return {
    role: "signing",
    terms: { ...plan.funding, outpoint: { txid: constructed.txid, vout: constructed.fundingVout } },
    shift: { local: 1_000n * plan.contribution.local, remote: 1_000n * plan.contribution.remote },
    local: { number: local.number, signatures: NO_SIGNATURES },
    remote: { number: remote.number, txid: remote.txid },
    sent: undefined,
    progress: { since: env.height, confirmed: undefined, deep: false, tx: undefined },
    locked: { local: false, remote: false },
    made: undefined,
  };
}

/**
 * Why the channel could not go on over such a funding: a side that takes something out must keep its reserve of the new
 * capacity, and the opener must be able to pay for both commitments. Undefined when it could.
 * BOLT 2 §Splice Transaction Construction.
 */
export function planFault(env: ChannelEnv, state: Normal, plan: SplicePlan): string | undefined {
  const { params, commitments } = state;
  if (isInDoubt(state)) return "the chain has given up the locked splice";
  if (commitments.others.length >= OTHERS_MAX) return "too many fundings: wait until some are buried";
  for (const side of ["local", "remote"] as const)
    if (balanceOf(state, side) + plan.contribution[side] < 0n) return `${side} takes more than it has`;
  const draft = draftOf(env, state, plan, { txid: params.funding.txid, fundingVout: 0 } as ConstructedTx);
  const on = { params: paramsOn(params, draft.terms), commitments: commitmentsOn(commitments, draft) };
  for (const view of ["local", "remote"] as const) {
    const { local, remote } = tally(on.commitments, view);
    if (local < 0n || remote < 0n) return "a balance would be negative";
    const kept = { local, remote };
    for (const side of ["local", "remote"] as const) {
      const takes = plan.contribution[side] < 0n;
      if (takes && kept[side] < toMsat(plan.funding.reserves.local)) return `${side} would be below its reserve`;
    }
    const terms = view === "local" ? localTerms(on.params) : remoteTerms(on.params);
    const spec = specOf(on.commitments, view as View);
    if (!openerCanPay(spec, terms)) return "the opener could not pay for a commitment";
    if (!hasOutputs(spec, terms)) return "a commitment would have no output";
  }
  return undefined;
}

/**
 * A side that has added an output of its own must hold its reserve, whatever it said that it takes (RELIABILITY C36).
 * BOLT 2 §Splice Transaction Construction.
 */
export function outputsFault(state: Normal, plan: SplicePlan, { outputs }: TxSession): string | undefined {
  for (const side of ["local", "remote"] as const) {
    const adds = outputs.some(
      ({ from, output }) => from === side && !equalBytes(output.script, plan.terms.fundingOutput.script),
    );
    const after = balanceOf(state, side) + plan.contribution[side];
    if (adds && after < plan.funding.reserves[side]) return `${side} adds an output below its reserve`;
  }
  return undefined;
}
