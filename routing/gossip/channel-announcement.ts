import { equalBytes } from "../../src/base/bytes.ts";
import type { ShortChannelId } from "../../src/base/ids.ts";
import { scidBlock } from "../../src/base/ids.ts";
import type { Sat } from "../../src/base/units.ts";
import { multisig2of2, p2wshOf } from "../../src/bitcoin/templates.ts";
import type { ChannelAnnouncement } from "../../src/wire/gossip.ts";
import type { Gossip } from "../graph/apply.ts";
import type { Graph } from "../graph/graph.ts";
import { ignore, type JudgeContext, type NeedsFunding, RELAYED_BYTES_MAX, type Verdict } from "./verdict.ts";

/** A channel may be announced once its funding is so deep. BOLT 7 §The channel_announcement Message. */
const CONFIRMATIONS = 6;
/** Policy, not protocol: how far our own view of the chain may be behind the announcer's, in blocks. */
const BEHIND_BLOCKS_MAX = 12;

/** The output that a short channel id names, as it stands unspent in the best chain. */
export interface FundingOutput {
  readonly amount: Sat;
  readonly script: Uint8Array;
}

/** Judges a channel's announcement as far as can be told without the chain, the cheapest rule first. */
export function judgeAnnouncement(
  graph: Graph,
  { message }: Gossip<ChannelAnnouncement>,
  context: JudgeContext,
): Verdict | NeedsFunding {
  const shortChannelId: ShortChannelId = message.short_channel_id;
  if (message.chain_hash !== context.chain) return ignore("other-chain");
  if (graph.channels.has(shortChannelId)) return ignore("duplicate");
  if (message.node_id_1 >= message.node_id_2)
    return { tag: "Punish", warning: "channel_announcement: node ids are not in ascending order", disconnect: false };
  const confirmations = context.height - scidBlock(shortChannelId) + 1;
  if (confirmations < 1 - BEHIND_BLOCKS_MAX) return ignore("too-far-ahead");
  if (confirmations < CONFIRMATIONS) return { tag: "Hold", until: shortChannelId };
  const script = p2wshOf(multisig2of2(message.bitcoin_key_1, message.bitcoin_key_2));
  return { tag: "NeedsFunding", shortChannelId, script };
}

/**
 * Judges it by what stands on the chain: without the output there is no channel (RELIABILITY D10).
 *
 * @param output what the chain source has at the place that the short channel id names, if unspent
 */
export function judgeFunding(
  { message, bytes }: Gossip<ChannelAnnouncement>,
  needs: NeedsFunding,
  output: FundingOutput | undefined,
): Verdict {
  if (output === undefined || !equalBytes(output.script, needs.script)) return ignore("unproven");
  return { tag: "Accept", signer: message.node_id_1, relay: bytes.length <= RELAYED_BYTES_MAX };
}
