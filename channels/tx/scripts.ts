import { idBytes, type PaymentHash } from "../../src/base/ids.ts";
import type { CltvExpiry } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { type ScriptItem, script } from "../../src/bitcoin/script.ts";
import { ripemd160 } from "../../src/crypto/hash.ts";
import type { CommitmentFormat } from "./format.ts";
import { type Lock, scriptLock } from "./lock.ts";

/** The keys that stand in HTLC scripts; local is the owner of the commitment transaction. */
export interface HtlcKeys {
  readonly localHtlcPubkey: Uint8Array;
  readonly remoteHtlcPubkey: Uint8Array;
  /** HASH160 of the revocation key. */
  readonly revocationHash: Uint8Array;
}

/**
 * What the owner gets back after a delay, or the other side at once with the revocation key. Also the output of every
 * second-stage transaction. BOLT 3 §to_local Output.
 *
 * @param toSelfDelay  blocks; the value that the *other* side demanded
 */
export const toLocalScript = (
  revocationPubkey: Uint8Array,
  localDelayedPubkey: Uint8Array,
  toSelfDelay: number,
): Uint8Array =>
  script(
    OP.IF,
    revocationPubkey,
    OP.ELSE,
    BigInt(toSelfDelay),
    OP.CHECKSEQUENCEVERIFY,
    OP.DROP,
    localDelayedPubkey,
    OP.ENDIF,
    OP.CHECKSIG,
  );

/** The other side's own money: of its key alone, and with anchors one block after confirmation. BOLT 3 §to_remote Output. */
export const toRemoteLock = (remotePubkey: Uint8Array, format: CommitmentFormat): Lock =>
  format === "anchors" ? scriptLock(toRemoteAnchorsScript(remotePubkey)) : { tag: "key", publicKey: remotePubkey };

const toRemoteAnchorsScript = (remotePubkey: Uint8Array): Uint8Array =>
  script(remotePubkey, OP.CHECKSIGVERIFY, 1n, OP.CHECKSEQUENCEVERIFY);

/** Spendable by the funding key at once, by anyone after 16 blocks. BOLT 3 §to_local_anchor and to_remote_anchor Output (option_anchors). */
export const anchorScript = (fundingPubkey: Uint8Array): Uint8Array =>
  script(fundingPubkey, OP.CHECKSIG, OP.IFDUP, OP.NOTIF, 16n, OP.CHECKSEQUENCEVERIFY, OP.ENDIF);

/** With anchors every HTLC path but the revocation waits one block, so that only anchors can be used to pin. */
const oneBlock = (format: CommitmentFormat): readonly ScriptItem[] =>
  format === "anchors" ? [1n, OP.CHECKSEQUENCEVERIFY, OP.DROP] : [];

const revocationBranch = (keys: HtlcKeys): readonly ScriptItem[] => [
  OP.DUP,
  OP.HASH160,
  keys.revocationHash,
  OP.EQUAL,
  OP.IF,
  OP.CHECKSIG,
  OP.ELSE,
  keys.remoteHtlcPubkey,
  OP.SWAP,
  OP.SIZE,
  32n,
  OP.EQUAL,
];

/** An HTLC that the owner offered: by preimage to the other side, by HTLC-timeout to the owner. BOLT 3 §Offered HTLC Outputs. */
export const offeredHtlcScript = (keys: HtlcKeys, paymentHash: PaymentHash, format: CommitmentFormat): Uint8Array =>
  script(
    ...revocationBranch(keys),
    OP.NOTIF,
    OP.DROP,
    2n,
    OP.SWAP,
    keys.localHtlcPubkey,
    2n,
    OP.CHECKMULTISIG,
    OP.ELSE,
    OP.HASH160,
    ripemd160(idBytes(paymentHash)),
    OP.EQUALVERIFY,
    OP.CHECKSIG,
    OP.ENDIF,
    ...oneBlock(format),
    OP.ENDIF,
  );

/** An HTLC offered to the owner: by HTLC-success to the owner, after the expiry to the other side. BOLT 3 §Received HTLC Outputs. */
export const receivedHtlcScript = (
  keys: HtlcKeys,
  paymentHash: PaymentHash,
  expiry: CltvExpiry,
  format: CommitmentFormat,
): Uint8Array =>
  script(
    ...revocationBranch(keys),
    OP.IF,
    OP.HASH160,
    ripemd160(idBytes(paymentHash)),
    OP.EQUALVERIFY,
    2n,
    OP.SWAP,
    keys.localHtlcPubkey,
    2n,
    OP.CHECKMULTISIG,
    OP.ELSE,
    OP.DROP,
    BigInt(expiry),
    OP.CHECKLOCKTIMEVERIFY,
    OP.DROP,
    OP.CHECKSIG,
    OP.ENDIF,
    ...oneBlock(format),
    OP.ENDIF,
  );
