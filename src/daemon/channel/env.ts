import type { ChannelEnv } from "../../../channels/index.ts";
import { featureBits, hasFeature } from "../../wire/features.ts";
import type { ChannelHostParts } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** Blocks within which a commitment should be mined. Policy, not protocol. */
const TARGET_BLOCKS = 6;
const NO_FEATURES = new Uint8Array(0);

/** All around a channel that a step of it may depend on, as it is now. `offered`: the bits of our `init`. */
export function channelEnv(
  { ctx, peers, height }: ChannelHostParts,
  offered: readonly number[],
  { peer, signer, alias, keyIndex, unheardUntil }: ChannelEntry,
): ChannelEnv {
  const theirs = peers().session(peer)?.features ?? NO_FEATURES;
  return {
    chainHash: ctx.params.genesisHash,
    height: height(),
    feerate: ctx.chain.feerate(TARGET_BLOCKS),
    policy: ctx.policy.channel,
    localNodeId: ctx.self,
    remoteNodeId: peer,
    features: common(offered, theirs),
    keys: signer.keys,
    alias,
    keyIndex,
    isUnheard: unheardUntil !== undefined && ctx.clock.now() < unheardUntil,
  };
}

/** What both sides show changes with the connection: it is worked out once for each. */
function common(offered: readonly number[], theirs: Uint8Array): Uint8Array {
  const known = commonOf.get(theirs);
  if (known?.offered === offered) return known.both;
  const both = featureBits(offered.filter((bit) => hasFeature(theirs, bit - (bit % 2))));
  commonOf.set(theirs, { offered, both });
  return both;
}
const commonOf = new WeakMap<Uint8Array, { readonly offered: readonly number[]; readonly both: Uint8Array }>();
