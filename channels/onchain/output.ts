import type { Outpoint } from "../../src/base/ids.ts";
import type { Sat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { CommitmentHtlc } from "../tx/commitment.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Lock } from "../tx/lock.ts";

/** An output in the chain that we have, or may come to have, a right to. */
export interface ChannelOutput {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly lock: Lock;
  readonly path: OutputPath;
}
/** How we spend it. The side of an HTLC is seen from us, whoever owns the commitment. */
export type OutputPath =
  /** Our balance in the peer's commitment; with anchors one block after it. BOLT 3 §to_remote Output. */
  | { readonly tag: "to_remote"; readonly format: CommitmentFormat }
  /** Our balance in our own, or what a second stage of ours pays: after the delay. BOLT 3 §to_local Output. */
  | { readonly tag: "delayed"; readonly point: Uint8Array; readonly delay: number }
  /** An HTLC in our own commitment: through the transaction that the peer has signed for it. */
  | {
      readonly tag: "second_stage";
      readonly format: CommitmentFormat;
      readonly htlc: CommitmentHtlc;
      readonly tx: Tx;
      readonly remoteSignature: Uint8Array;
      readonly point: Uint8Array;
    }
  /** An HTLC in the peer's commitment. */
  | {
      readonly tag: "direct";
      readonly format: CommitmentFormat;
      readonly htlc: CommitmentHtlc;
      readonly point: Uint8Array;
    }
  /** Something of the peer's in a commitment that it has revoked, or in a second stage of that. `delay` is how long it must wait itself. */
  | {
      readonly tag: "penalty";
      readonly secret: Uint8Array;
      readonly revocationPubkey: Uint8Array;
      readonly branch: "to_local" | "htlc";
      readonly htlc: CommitmentHtlc | undefined;
      readonly delay: number;
    };
