import { isPeersAlone, neverFundedFrom, restoredFundings } from "../../../channels/index.ts";
import { err, type Result } from "../../base/result.ts";
import { blockHeight } from "../../base/units.ts";
import type { CommandFault } from "../command-fault.ts";
import { ANSWER_LANE } from "../context.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";
import { fundingLowest } from "./watches.ts";

/** Blocks for which it must have been watched, so that all that older ones tell has been heard; and between two looks. Policy, not protocol. */
const WATCHED_BLOCKS = 144;

/** Forgets a restored channel that its peer alone was to fund and never did. RELIABILITY U18. */
export function forgetWhenNeverFunded(host: ChannelHost, entry: ChannelEntry): void {
  const { state, watchedFrom } = entry;
  const height = host.parts.height();
  if (state.tag !== "Restored" || watchedFrom === undefined || !isPeersAlone(state)) return;
  if (height < neverFundedFrom(state) || (height - watchedFrom) % WATCHED_BLOCKS !== 0) return;
  void forgetIfNeverFunded(host, entry);
}

/** Somebody who runs this node does not wait for it any more. Refused unless the chain is known to hold nothing of it. */
export async function forgetByHand(host: ChannelHost, entry: ChannelEntry): Promise<Result<void, CommandFault>> {
  const detail = await forgetIfNeverFunded(host, entry);
  return detail === undefined ? { ok: true, value: undefined } : err({ code: "not_possible", detail });
}

/** Undefined when it is forgotten; else why not. */
async function forgetIfNeverFunded(host: ChannelHost, entry: ChannelEntry): Promise<string | undefined> {
  const reason = tooEarly(host, entry) ?? (await traceOf(host, entry));
  if (reason !== undefined) return reason;
  await new Promise<void>((done) =>
    host.parts.ctx.turns.run((turn) => {
      host.apply(turn, entry, { tag: "NeverFunded" });
      turn.afterwards(ANSWER_LANE, done);
    }),
  );
  return undefined;
}

function tooEarly({ parts }: ChannelHost, entry: ChannelEntry): string | undefined {
  const { state, watchedFrom } = entry;
  if (state.tag !== "Restored" || watchedFrom === undefined) return "it is not one that was restored from a backup";
  if (isClaimed(entry)) return CLAIMED;
  const from = Math.max(neverFundedFrom(state), watchedFrom + WATCHED_BLOCKS);
  if (parts.height() < from) return `its funding transaction may still come: it is waited for until block ${from}`;
  return parts.ctx.chain.synced() ? undefined : "the chain is not in step: what it holds is not known";
}
/** What the chain knows of its money. A node that has deleted the blocks in which it would stand knows nothing. */
async function traceOf({ parts }: ChannelHost, { state }: ChannelEntry): Promise<string | undefined> {
  if (state.tag !== "Restored") return CLAIMED;
  const { chain } = parts.ctx;
  const oldest = await chain.blockAt(blockHeight(Math.max(1, fundingLowest(state.since))));
  if (!oldest.ok || oldest.value === undefined)
    return "the blocks that may hold its funding transaction are not kept here";
  for (const { outpoint } of restoredFundings(state)) {
    // A node that is never told of the output cannot say: then what it has told counts.
    const found = await chain.unspent(outpoint).catch(() => undefined);
    if (found !== undefined) return CLAIMED;
  }
  return undefined;
}
/** As far as the chain has told by itself. */
const isClaimed = ({ state, isFundingSeen }: ChannelEntry): boolean =>
  isFundingSeen || (state.tag === "Restored" && state.spends.length > 0);
const CLAIMED = "a block holds its funding transaction: its peer has to close it";
