import type { Txid } from "../../src/base/ids.ts";
import { type BlockHeight, blockHeight, type Sat, type SatPerKw } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { ClosingOutputs } from "../tx/closing-tx.ts";
import type { SimpleOutputs } from "../tx/simple-closing-tx.ts";

/** What a close by agreement is to be: where each side is paid, and what we would pay for it. */
export interface ClosePlan {
  /** Undefined while the host is asked for one. */
  readonly localScript: Uint8Array | undefined;
  readonly remoteScript: Uint8Array | undefined;
  /** Our `shutdown` has left at least once: the script is final. */
  readonly localSent: boolean;
  readonly feerate: SatPerKw;
}

/** A closing transaction that we have signed, by its fee. BOLT 2 §Legacy Closing Negotiation: closing_signed. */
export interface SignedClose {
  readonly fee: Sat;
  readonly outputs: ClosingOutputs;
  readonly txid: Txid;
  readonly signature: Uint8Array;
}

/** What `closing_complete` says of a transaction that its sender makes and pays for. */
export interface CloseProposal {
  readonly fee: Sat;
  readonly locktime: number;
  readonly closerScript: Uint8Array;
  readonly closeeScript: Uint8Array;
}
/** One of ours, with our signature under each form of it. */
export interface OfferedClose extends CloseProposal {
  readonly since: BlockHeight;
  readonly signatures: readonly { readonly outputs: SimpleOutputs; readonly signature: Uint8Array }[];
}
/** A close by option_simple_close as far as it has come. BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export interface SimpleClose {
  /** Our own proposals, oldest first: the peer may complete any of them and publish it without a word to us. */
  readonly offered: readonly OfferedClose[];
  /** Signed by both, oldest first. Whichever is mined closes the channel. */
  readonly complete: readonly Tx[];
  /** How many of the peer's proposals have been signed from that height on. */
  readonly answered: { readonly since: BlockHeight; readonly count: number };
}
/** Before anything of it has been said, and in records of versions that did not know of it. */
export const NO_SIMPLE_CLOSE: SimpleClose = {
  offered: [],
  complete: [],
  answered: { since: blockHeight(0), count: 0 },
};
