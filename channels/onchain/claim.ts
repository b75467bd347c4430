import { idBytes, type Outpoint, type Preimage } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type BlockHeight, blockHeight, type Sat, sat } from "../../src/base/units.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL } from "../../src/bitcoin/sighash.ts";
import type { TxOut } from "../../src/bitcoin/tx.ts";
import type { ClaimKey } from "../keys/claim-signer.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import { remoteHtlcSighash } from "../tx/htlc-tx.ts";
import { type Lock, revealed } from "../tx/lock.ts";
import { DUST_THRESHOLD } from "../tx/weights.ts";
import type { ChannelOutput } from "./output.ts";

/**
 * An output that can be spent for us now, and everything that a transaction needs that does so. Each gets a transaction
 * of its own: what happens to one output, a rival's spend or a pin, then concerns no other.
 */
export interface Claim {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly why: ClaimPurpose;
  readonly key: ClaimKey;
  readonly lock: Lock;
  /** What stands before and after our signature in the witness; what the lock hides comes last. */
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
  readonly sequence: number;
  readonly locktime: number;
  /** What it must pay: a second stage, whose fee the wallet has to add. Else it goes to the wallet, less the fee. */
  readonly output: TxOut | undefined;
  /** The peer has signed the whole transaction: nothing can be added, and its fee is what was agreed on long before. */
  readonly presigned: boolean;
  /** An unconfirmed transaction for which an anchor pays: its weight and the fee that it pays itself, in sat. */
  readonly parent: { readonly weight: number; readonly fee: Sat } | undefined;
  /** The height from which on it could be claimed. */
  readonly since: BlockHeight;
  /** Each counts by itself, and what the highest of them allows is paid. */
  readonly budgets: readonly FeeBudget[];
}
/** The most that may be paid in fees, in sat, and by when: without a deadline never more than blocks cost anyway. */
export interface FeeBudget {
  readonly most: Sat;
  readonly deadline: BlockHeight | undefined;
}
export type ClaimPurpose = "to_local" | "to_remote" | "htlc_timeout" | "htlc_success" | "penalty" | "anchor";

/** Where coins for fees are scarce those come first that are lost first, and of those the ones that hold most. */
export function byUrgency(a: Claim, b: Claim): number {
  const [first, second] = [deadlineOf(a), deadlineOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  return a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1;
}
const deadlineOf = ({ budgets }: Claim): number =>
  budgets.reduce(
    (least, { deadline = Number.POSITIVE_INFINITY }) => Math.min(least, deadline),
    Number.POSITIVE_INFINITY,
  );

const EMPTY = new Uint8Array(0);
const TRUE = Uint8Array.of(1);
/** Final enough for a locktime, and says that the fee may be raised. BIP 125 §Summary. */
const SEQUENCE = 0xffff_fffd;
/** With anchors nothing but an anchor can be spent at once. BOLT 3 §to_remote Output. */
const sequenceOf = (format: CommitmentFormat): number => (format === "anchors" ? 1 : SEQUENCE);

/**
 * Blocks within which what upstream waits for should be mined, our commitment and then the HTLC: both fit into the least
 * `cltv_expiry_delta` that there is. BOLT 2 §cltv_expiry_delta Selection.
 */
export const MINED_WITHIN_BLOCKS = 12;
/** How much of what is at stake may go to miners by the deadline, in percent. Policy, not protocol. */
const SHARE = { uncontested: 25n, htlc: 50n, penalty: 100n } as const;
const share = (amount: Sat, percent: bigint): Sat => sat((amount * percent) / 100n);

/** What of an output is decided by more than its script: when its transaction was mined, and a preimage. */
export interface Standing {
  /** The block that holds it. */
  readonly minedAt: BlockHeight;
  /** Of an HTLC that the peer offered. */
  readonly preimage: Preimage | undefined;
  /** Of an HTLC: somebody else gets it if we are late. */
  readonly isAtStake: boolean;
}
/** Not now: not before a height, or not without the preimage. */
export type NotYet = { readonly tag: "wait"; readonly until: BlockHeight } | { readonly tag: "no_preimage" };
type Due = Pick<
  Claim,
  "why" | "key" | "before" | "after" | "sequence" | "locktime" | "output" | "presigned" | "budgets"
>;

/** How we spend an output that the chain holds, from which height on. BOLT 5 §Unilateral Close Handling: Local Commitment Transaction. */
export function claimOf(output: ChannelOutput, standing: Standing, height: BlockHeight): Claim | NotYet {
  const { path, amount, outpoint, lock } = output;
  const due = dueOf(output, standing);
  if (due === undefined) return { tag: "no_preimage" };
  // A transaction can enter the mempool one block before the block that may hold it: the one block of anchors is no wait.
  const wait = path.tag === "delayed" ? Math.max(path.delay - 1, 0) : 0;
  const since = blockHeight(Math.max(standing.minedAt + wait, due.locktime));
  if (height < since) return { tag: "wait", until: since };
  assert(amount > 0n, "an output holds something");
  return { outpoint, amount, lock, parent: undefined, since, ...due };
}

const PAYS_ITSELF = { output: undefined, presigned: false } as const;
const BY_SIGNATURE = { before: [], after: [] } as const;
function dueOf(output: ChannelOutput, standing: Standing): Due | undefined {
  const { path, amount } = output;
  const alone = { ...PAYS_ITSELF, locktime: 0, budgets: [whenever(share(amount, SHARE.uncontested))] };
  switch (path.tag) {
    case "to_remote":
      return {
        ...alone,
        ...BY_SIGNATURE,
        why: "to_remote",
        key: { tag: "payment" },
        sequence: sequenceOf(path.format),
      };
    case "delayed": {
      const key = { tag: "delayed", point: path.point } as const;
      return { ...alone, why: "to_local", key, before: [], after: [EMPTY], sequence: path.delay };
    }
    case "penalty":
      return penalty(path, amount, standing);
    case "second_stage":
    case "direct":
      return htlcDue(path, amount, standing);
  }
}

const whenever = (most: Sat): FeeBudget => ({ most, deadline: undefined });
/** Of an output whose claim pays its own fee: what is left must make an output that is relayed. */
const allBut = (amount: Sat): Sat => sat(amount > DUST_THRESHOLD.p2wpkh ? amount - DUST_THRESHOLD.p2wpkh : 0n);

/** BOLT 5 §Revoked Transaction Close Handling: before the peer may spend it, at whatever fee. */
function penalty(path: Extract<ChannelOutput["path"], { tag: "penalty" }>, amount: Sat, { minedAt }: Standing): Due {
  return {
    why: "penalty",
    key: { tag: "revocation", secret: path.secret },
    before: [],
    after: [path.branch === "to_local" ? TRUE : path.revocationPubkey],
    sequence: SEQUENCE,
    locktime: 0,
    ...PAYS_ITSELF,
    // Better a miner has it than the thief, who may be mined in the block after this one.
    budgets: [{ most: share(allBut(amount), SHARE.penalty), deadline: blockHeight(minedAt + path.delay - 1) }],
  };
}

function htlcDue(
  path: Extract<ChannelOutput["path"], { tag: "second_stage" | "direct" }>,
  amount: Sat,
  { minedAt, preimage, isAtStake }: Standing,
): Due | undefined {
  const { htlc } = path;
  const offered = htlc.side === "offered";
  if (!offered && preimage === undefined) return undefined;
  const proof = offered || preimage === undefined ? EMPTY : idBytes(preimage);
  // What the peer offered it may take back from its expiry on; what we offered, it may claim at any time.
  const deadline = blockHeight(offered ? Math.max(htlc.expiry, minedAt) + MINED_WITHIN_BLOCKS : htlc.expiry);
  const second = path.tag === "second_stage" ? path : undefined;
  const wanted = share(amount, isAtStake ? SHARE.htlc : SHARE.uncontested);
  const most = second === undefined && allBut(amount) < wanted ? allBut(amount) : wanted;
  return {
    why: offered ? "htlc_timeout" : "htlc_success",
    key: { tag: "htlc", point: path.point },
    before:
      second === undefined ? [] : [EMPTY, scriptSignature(second.remoteSignature, remoteHtlcSighash(path.format))],
    after: [proof],
    sequence: second?.tx.inputs[0]?.sequence ?? sequenceOf(path.format),
    locktime: offered ? htlc.expiry : 0,
    output: second?.tx.outputs[0],
    presigned: second !== undefined && remoteHtlcSighash(path.format) === SIGHASH_ALL,
    budgets: [isAtStake ? { most, deadline } : whenever(most)],
  };
}

/** The witness of a claim with our signature, 64 bytes compact, in its place. BOLT 3 §Commitment Transaction Outputs. */
export const witnessOf = (claim: Claim, signature: Uint8Array): readonly Uint8Array[] => [
  ...claim.before,
  scriptSignature(signature, SIGHASH_ALL),
  ...claim.after,
  revealed(claim.lock),
];
