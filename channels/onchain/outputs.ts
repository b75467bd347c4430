import { toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { localCommitment, remoteCommitment, remoteTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { type CommitmentKeys, commitmentKeys } from "../keys/commitment-keys.ts";
import type { RestoredParams } from "../params.ts";
import type { Failed, Funded } from "../state.ts";
import type { CommitmentHtlc } from "../tx/commitment.ts";
import { type Lock, lockScript, scriptLock } from "../tx/lock.ts";
import { offeredHtlcScript, receivedHtlcScript, toLocalScript, toRemoteLock } from "../tx/scripts.ts";
import { currentLocal, type Publication } from "./classify.ts";
import type { ChannelOutput, OutputPath } from "./output.ts";

interface Found {
  /** What the outputs were found by: of a channel that has failed nothing else of it changes what a commitment holds. */
  readonly by: readonly unknown[];
  readonly outputs: readonly ChannelOutput[];
}
const found = new WeakMap<Tx, Found>();
/**
 * What of a transaction that spends the funding output concerns us. Anchors are not among it: they are worth nothing. It is
 * asked for at each block and for each output that is spent, so it is looked for once.
 */
export function outputsOf(env: ChannelEnv, state: Failed, publication: Publication, tx: Tx): readonly ChannelOutput[] {
  const { params, commitments, revoked } = state;
  const { local, remote, sent } = commitments;
  const by = [env.keys, params, local, remote.txid, sent, revoked, publication.tag];
  const known = found.get(tx);
  if (known?.by.every((one, at) => one === by[at])) return known.outputs;
  const outputs = lookedFor(env, state, publication, tx);
  found.set(tx, { by, outputs });
  return outputs;
}

function lookedFor(env: ChannelEnv, state: Failed, publication: Publication, tx: Tx): readonly ChannelOutput[] {
  switch (publication.tag) {
    case "local":
      return localOutputs(env, state);
    case "remote":
      return remoteOutputs(env, state, publication);
    case "revoked":
      return matched(tx, revokedScripts(env, state, publication));
    case "future":
      return matched(tx, [toRemote(state)]);
    case "mutual":
      return [];
  }
}

function localOutputs(env: ChannelEnv, state: Funded): readonly ChannelOutput[] {
  const { params, commitments } = state;
  const { number, signatures } = commitments.local;
  const { keys } = localCommitment(env, params, number, specOf(commitments, "local"));
  const commitment = currentLocal(env, state);
  const point = keys.perCommitmentPoint;
  const { txid } = commitment;
  return commitment.outputs.flatMap(({ role, amount }, vout): readonly ChannelOutput[] => {
    const outpoint = { txid, vout };
    if (role.tag === "to_local") return [{ outpoint, amount, ...ownDelayed(env, state, point) }];
    if (role.tag !== "htlc") return [];
    const at = commitment.htlcs.findIndex((untrimmed) => untrimmed.vout === vout);
    const { htlc, tx, witnessScript } = present(commitment.htlcs[at], "an HTLC output has its second stage");
    const remoteSignature = present(signatures.htlcSignatures[at], "the peer has signed each second stage");
    const path: OutputPath = { tag: "second_stage", format: params.type.format, htlc, tx, remoteSignature, point };
    return [{ outpoint, amount, lock: scriptLock(witnessScript), path }];
  });
}

const flip = { offered: "received", received: "offered" } as const;
/** As we see it: what the peer offered we received. */
const fromHere = (htlc: CommitmentHtlc): CommitmentHtlc => ({ ...htlc, side: flip[htlc.side] });

function remoteOutputs(
  env: ChannelEnv,
  state: Funded,
  { number, point, view }: Extract<Publication, { tag: "remote" }>,
): readonly ChannelOutput[] {
  const { params, commitments } = state;
  const { txid, outputs } = remoteCommitment(env, params, { number, point }, specOf(commitments, view));
  return outputs.flatMap(({ role, amount }, vout): readonly ChannelOutput[] => {
    const outpoint = { txid, vout };
    if (role.tag === "to_remote") return [{ outpoint, amount, ...toRemote(state) }];
    if (role.tag !== "htlc") return [];
    const path: OutputPath = { tag: "direct", format: params.type.format, htlc: fromHere(role.htlc), point };
    return [{ outpoint, amount, lock: scriptLock(role.witnessScript), path }];
  });
}

/** A script that one knows how to spend: outputs are found by it where amounts are not known any more. */
export type Spendable = Pick<ChannelOutput, "lock" | "path">;

/** Our balance in a commitment of the peer's. */
export const toRemote = ({ params: { type, local } }: { readonly params: RestoredParams }): Spendable => ({
  lock: toRemoteLock(local.basepoints.paymentBasepoint, type.format),
  path: { tag: "to_remote", format: type.format },
});
const delayedLock = (keys: CommitmentKeys, delay: number): Lock =>
  scriptLock(toLocalScript(keys.revocationPubkey, keys.localDelayedPubkey, delay));

/** What a second stage of ours pays, for us after the delay. */
export function ownDelayed(
  env: ChannelEnv,
  { params }: { readonly params: RestoredParams },
  point: Uint8Array,
): Spendable {
  const keys = commitmentKeys(env.keys.derived, params.local.basepoints, params.remote.basepoints, point);
  const delay = params.remote.toSelfDelay;
  return { lock: delayedLock(keys, delay), path: { tag: "delayed", point, delay } };
}

type Revoked = Extract<Publication, { tag: "revoked" }>;
function revokedKeys(env: ChannelEnv, { params }: Funded, secret: Uint8Array): CommitmentKeys {
  const { local, remote } = params;
  return commitmentKeys(env.keys.derived, remote.basepoints, local.basepoints, secp256k1.publicKey(secret));
}

/** The main outputs follow from the keys; of the HTLCs those that had an output were written down when they were revoked. */
function revokedScripts(env: ChannelEnv, state: Failed, { number, secret }: Revoked): readonly Spendable[] {
  const keys = revokedKeys(env, state, secret);
  const { format, toSelfDelay: delay } = remoteTerms(state.params);
  const { revocationPubkey } = keys;
  const htlcs = state.revoked?.number === number ? state.revoked.htlcs : [];
  return [
    toRemote(state),
    revokedDelayed(env, state, secret),
    ...htlcs.map((htlc): Spendable => {
      const witnessScript =
        htlc.side === "offered"
          ? offeredHtlcScript(keys, htlc.paymentHash, format)
          : receivedHtlcScript(keys, htlc.paymentHash, htlc.expiry, format);
      const owed = { secret, revocationPubkey, delay, htlc: fromHere(htlc) };
      return { lock: scriptLock(witnessScript), path: { tag: "penalty", branch: "htlc", ...owed } };
    }),
  ];
}

/** What the peer would get after its delay: `to_local`, and what its second stages pay. */
export function revokedDelayed(env: ChannelEnv, state: Funded, secret: Uint8Array): Spendable {
  const { toSelfDelay: delay } = remoteTerms(state.params);
  const keys = revokedKeys(env, state, secret);
  const owed = { secret, revocationPubkey: keys.revocationPubkey, delay, htlc: undefined };
  return { lock: delayedLock(keys, delay), path: { tag: "penalty", branch: "to_local", ...owed } };
}

/** The outputs of a transaction that pay to one of these scripts; several HTLCs of one script each get an output of theirs. */
export function matched(tx: Tx, scripts: readonly Spendable[]): readonly ChannelOutput[] {
  const known = new Map<string, Spendable[]>();
  for (const spendable of scripts) {
    const script = toHex(lockScript(spendable.lock));
    known.set(script, [...(known.get(script) ?? []), spendable]);
  }
  const txid = txidOf(tx);
  return tx.outputs.flatMap(({ amount, script }, vout): readonly ChannelOutput[] => {
    const candidates = known.get(toHex(script));
    if (candidates === undefined) return [];
    // Of HTLCs that look the same each output takes one; the amounts are all that could tell them apart.
    const fits = candidates.findIndex(({ path }) => path.tag === "penalty" && isAmountOf(path.htlc, amount));
    const [found] = candidates.length > 1 ? candidates.splice(Math.max(fits, 0), 1) : candidates;
    return found === undefined ? [] : [{ outpoint: { txid, vout }, amount, ...found }];
  });
}
const isAmountOf = (htlc: CommitmentHtlc | undefined, amount: bigint): boolean =>
  htlc !== undefined && htlc.amount / 1000n === amount;
