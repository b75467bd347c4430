import type { ChannelPolicy } from "../../channels/index.ts";
import { KEYSEND_BIT, OFFERED } from "../wire/features.ts";
import type { NodePolicy } from "./context.ts";

/** Of option_anchors, which whoever has no other channels requires. BOLT 9 §Assigned Feature Flags. */
const ANCHORS_BIT = 22;

/** Of option_simple_close. */
const SIMPLE_CLOSE_BIT = 61;

/** Of option_zeroconf: who trusts nobody has no use for it. */
const ZEROCONF_BIT = 51;

/** The bits of our `init`: what this node offers, as far as its operator lets it. */
export const offeredInit = ({ formats, simpleClose, zeroConfPeers }: ChannelPolicy): readonly number[] =>
  [...OFFERED.init, ...(zeroConfPeers.size > 0 ? [ZEROCONF_BIT] : [])]
    .filter((bit) => bit !== SIMPLE_CLOSE_BIT || simpleClose)
    .map((bit) => (bit === ANCHORS_BIT && formats.length > 1 ? ANCHORS_BIT + 1 : bit));

/** What our `node_announcement` says beside what every node of ours does. */
export const alsoOffered = ({ acceptKeysend }: Pick<NodePolicy, "acceptKeysend">): readonly number[] =>
  acceptKeysend ? [KEYSEND_BIT + 1] : [];
