import type { Outpoint } from "../../src/base/ids.ts";
import type { Sat } from "../../src/base/units.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Basepoints } from "../keys/commitment-keys.ts";
import { obscuringFactor } from "./commitment-number.ts";
import type { CommitmentFormat } from "./format.ts";
import { type Funding, fundingScript } from "./funding-tx.ts";
import { lockScript } from "./lock.ts";
import { anchorScript, toRemoteLock } from "./scripts.ts";

/** What all commitment transactions of one side have in common. As in BOLT 3, local is the side that owns them. */
export interface CommitmentTerms {
  readonly format: CommitmentFormat;
  readonly funding: Funding;
  /** Who opened the channel, and so pays the fee. */
  readonly opener: "local" | "remote";
  /** The owner's dust_limit_satoshis. */
  readonly dustLimit: Sat;
  /** Blocks that the owner must wait: the to_self_delay that the *other* side sent. */
  readonly toSelfDelay: number;
  readonly obscuringFactor: bigint;
  /** scriptPubKey of `to_remote`, and the key in it, which is never tweaked. */
  readonly toRemoteOutput: Uint8Array;
  readonly remotePaymentBasepoint: Uint8Array;
  /** scriptPubKeys of the two anchors, if the format has them. */
  readonly anchors: { readonly local: Uint8Array; readonly remote: Uint8Array } | undefined;
}

/** What the terms are made of, as negotiated. `local` is the owner of the commitments, `remote` the other side. */
export interface NegotiatedTerms {
  readonly format: CommitmentFormat;
  readonly fundingOutpoint: Outpoint;
  readonly capacity: Sat;
  readonly opener: "local" | "remote";
  readonly local: { readonly basepoints: Basepoints; readonly dustLimit: Sat };
  readonly remote: { readonly basepoints: Basepoints; readonly toSelfDelay: number };
}

/** The terms of one side's commitments: fixed for the life of a funding output, so worth computing once. */
export function commitmentTerms(negotiated: NegotiatedTerms): CommitmentTerms {
  const { format, opener } = negotiated;
  const local = negotiated.local.basepoints;
  const remote = negotiated.remote.basepoints;
  const [openerPoint, accepterPoint] =
    opener === "local"
      ? [local.paymentBasepoint, remote.paymentBasepoint]
      : [remote.paymentBasepoint, local.paymentBasepoint];
  const anchor = (fundingPubkey: Uint8Array): Uint8Array => p2wshOf(anchorScript(fundingPubkey));
  return {
    format,
    funding: {
      outpoint: negotiated.fundingOutpoint,
      amount: negotiated.capacity,
      witnessScript: fundingScript(local.fundingPubkey, remote.fundingPubkey),
    },
    opener,
    dustLimit: negotiated.local.dustLimit,
    toSelfDelay: negotiated.remote.toSelfDelay,
    obscuringFactor: obscuringFactor(openerPoint, accepterPoint),
    toRemoteOutput: lockScript(toRemoteLock(remote.paymentBasepoint, format)),
    remotePaymentBasepoint: remote.paymentBasepoint,
    anchors:
      format === "anchors" ? { local: anchor(local.fundingPubkey), remote: anchor(remote.fundingPubkey) } : undefined,
  };
}
