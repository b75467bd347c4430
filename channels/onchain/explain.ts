import type { Outpoint, Txid } from "../../src/base/ids.ts";
import type { BlockHeight, Sat } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import { type Codec, optional, refine, struct } from "../../src/codec/codec.ts";
import { enumeration, height, text, txid, u8 } from "../../src/codec/primitives.ts";
import type { ChannelEnv } from "../env.ts";
import { publishedNumber, restoredProgress } from "../restored/progress.ts";
import type { Restored } from "../restored/state.ts";
import type { Failed, FailureCause, FundedState } from "../state.ts";
import { isUnknown, type Publication } from "./classify.ts";
import type { ChannelOutput } from "./output.ts";
import { type OutputProgress, type OutputStatus, progressOf } from "./progress.ts";

/** Why a channel was closed, and what has come of its money so far: for people. */
export interface Explanation {
  /** One word for programs. */
  readonly cause: FailureCause["tag"] | "agreement" | "open" | "restored";
  /** A sentence. */
  readonly why: string;
  /** The height at which this side gave the channel up. */
  readonly since: BlockHeight | undefined;
  readonly closing:
    | { readonly txid: Txid; readonly height: BlockHeight; readonly by: Publication["tag"]; readonly what: string }
    | undefined;
  readonly outputs: readonly ExplainedOutput[];
}
export interface ExplainedOutput {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly what: string;
  readonly status: OutputStatus["tag"];
  /** From when on it is ours, or when it was spent. */
  readonly height: BlockHeight | undefined;
  readonly txid: Txid | undefined;
}

export function explain(env: ChannelEnv, state: FundedState | Restored): Explanation {
  if (state.tag === "Restored") return explainRestored(env, state);
  if (state.tag === "Failed") return explainFailed(env, state);
  const closing = state.tag === "Closing" && state.confirmed !== undefined ? state.confirmed : undefined;
  const ends = state.tag === "ShuttingDown" || state.tag === "Negotiating" || state.tag === "Closing";
  return {
    cause: ends ? "agreement" : "open",
    why: ends ? "One side asked to close and both agree on how: no side waits for anything." : "It is not closed.",
    since: undefined,
    closing: closing && { ...closing, by: "mutual", what: PUBLISHED.mutual },
    outputs: [],
  };
}

const CAUSES = [
  "agreement",
  "open",
  "requested",
  "fault",
  "deadline",
  "peer_error",
  "data_lost",
  "funding_spent",
  "restored",
] as const satisfies readonly Explanation["cause"][];
const BY = ["local", "remote", "revoked", "future", "mutual"] as const satisfies readonly Publication["tag"][];
const RECORD_VERSION = 1;
/** What is kept of it when the channel is forgotten: all but the single outputs. */
export const explanationRecord: Codec<Explanation> = refine(
  "explanation",
  struct({
    version: u8,
    cause: enumeration("cause", ...CAUSES),
    why: text,
    since: optional(height),
    closing: optional(struct({ txid, height, by: enumeration("by", ...BY), what: text })),
  }),
  ({ version, ...told }) => (version === RECORD_VERSION ? { ...told, outputs: [] } : undefined),
  ({ outputs: _outputs, ...told }) => ({ version: RECORD_VERSION, ...told }),
);

function explainFailed(env: ChannelEnv, state: Failed): Explanation {
  const progress = progressOf(env, state);
  const { cause, failedAt: since } = state;
  const why = sentenceFor(cause);
  if (progress === undefined) return { cause: cause.tag, why, since, closing: undefined, outputs: [] };
  const { spend, publication, outputs } = progress;
  const closing = {
    txid: txidOf(spend.tx),
    height: spend.height,
    by: publication.tag,
    what: isUnknown(state, publication) ? UNKNOWN : PUBLISHED[publication.tag],
  };
  return { cause: cause.tag, why, since, closing, outputs: outputs.map(shown) };
}

function explainRestored(env: ChannelEnv, state: Restored): Explanation {
  const told = {
    cause: "restored",
    why: "It was restored from a static backup: nothing of ours may be published, the peer has to close.",
    since: state.since,
  } as const;
  const progress = restoredProgress(env, state);
  if (progress === undefined) return { ...told, closing: undefined, outputs: [] };
  const { spend, outputs } = progress;
  // Of a commitment the keys in it tell whose it was.
  const isOurs = outputs.some(({ output }) => output.path.tag === "delayed");
  const by = publishedNumber(state, spend) === undefined ? "mutual" : isOurs ? "local" : "future";
  const closing = { txid: txidOf(spend.tx), height: spend.height, by, what: PUBLISHED[by] } as const;
  return { ...told, closing, outputs: outputs.map(shown) };
}

/** As a channel keeps the fault `reestablish_lost_state`. */
const PEER_LOST_STATE = "reestablish lost state";

function sentenceFor(cause: FailureCause): string {
  switch (cause.tag) {
    case "requested":
      return "This node was told to close it without waiting for the peer.";
    case "fault":
      return cause.text === PEER_LOST_STATE
        ? "The peer has shown that it lost its record of it: only we can close it."
        : `It could not go on: ${cause.text}.`;
    case "deadline":
      return cause.side === "offered"
        ? `HTLC ${cause.id}, which we offered, expired at block ${cause.expiry} and the peer had neither paid nor failed it: it is taken back on the chain while whoever it came from still waits.`
        : `HTLC ${cause.id}, whose preimage we gave, expires at block ${cause.expiry} and the peer had not settled it: it is claimed on the chain in time.`;
    case "peer_error":
      return `The peer failed it: ${cause.text === "" ? "it gave no reason" : cause.text}.`;
    case "data_lost":
      return "The peer has proved that our record of it is an old one: nothing of ours may be published, the peer has to close.";
    case "funding_spent":
      return "The peer closed it without us.";
  }
}

const PUBLISHED: { readonly [T in Publication["tag"]]: string } = {
  local: "our commitment",
  remote: "the peer's commitment",
  revoked: "a commitment that the peer had revoked: everything in it is ours",
  future: "a commitment of the peer's that we know nothing of",
  mutual: "what both had agreed on",
};

const UNKNOWN =
  "a transaction that this store knows nothing of: it is an old copy, or others have the keys of the channel";

function shown({ output, status }: OutputProgress): ExplainedOutput {
  const { outpoint, amount } = output;
  const told = { outpoint, amount, what: describe(output), status: status.tag };
  switch (status.tag) {
    case "waiting":
      return { ...told, height: status.until, txid: undefined };
    case "spent":
      return { ...told, height: status.height, txid: status.txid };
    case "claimable":
    case "no_preimage":
    case "uneconomical":
      return { ...told, height: undefined, txid: undefined };
  }
}
function describe({ path }: ChannelOutput): string {
  switch (path.tag) {
    case "to_remote":
      return "our balance";
    case "delayed":
      return `ours after ${path.delay} blocks`;
    case "second_stage":
    case "direct":
      return `HTLC ${path.htlc.id} that ${path.htlc.side === "offered" ? "we" : "the peer"} offered`;
    case "penalty":
      return path.htlc === undefined ? "penalty: the peer's balance" : `penalty: HTLC ${path.htlc.id}`;
  }
}
