import { readAddresses } from "../../src/wire/addresses.ts";
import type { NodeAnnouncement } from "../../src/wire/gossip.ts";
import type { Gossip } from "../graph/apply.ts";
import type { Graph } from "../graph/graph.ts";
import { AHEAD_SECONDS_MAX, ignore, type JudgeContext, RELAYED_BYTES_MAX, type Verdict } from "./verdict.ts";

/** Judges what a node says about itself, the cheapest rule first. BOLT 7 §The node_announcement Message. */
export function judgeNode(graph: Graph, { message, bytes }: Gossip<NodeAnnouncement>, { now }: JudgeContext): Verdict {
  if (message.timestamp === 0) return ignore("stale");
  if (message.timestamp - now > AHEAD_SECONDS_MAX) return ignore("too-far-ahead");
  const node = graph.nodes.get(message.node_id);
  if (node === undefined) return ignore("unknown-node");
  const known = node.announcement?.timestamp ?? 0;
  if (message.timestamp < known) return ignore("stale");
  if (message.timestamp === known) return ignore("duplicate");
  const addresses = readAddresses(message.addresses);
  if (!addresses.ok)
    return { tag: "Punish", warning: `node_announcement: ${addresses.error.toString()}`, disconnect: false };
  const relay = addresses.value.relay && bytes.length <= RELAYED_BYTES_MAX;
  return { tag: "Accept", signer: message.node_id, relay };
}
