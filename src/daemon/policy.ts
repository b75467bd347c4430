import { type ChannelPolicy, DEFAULT_POLICY } from "../../channels/index.ts";
import { parseNodeId } from "../base/ids.ts";
import { assert, ok } from "../base/result.ts";
import { sat } from "../base/units.ts";
import { scriptOfAddress } from "../bitcoin/address.ts";
import { CHAINS } from "../bitcoin/params.ts";
import type { Config } from "./config.ts";
import type { NodePolicy } from "./context.ts";

/** Sat per 1,000 weight units while nobody has an estimate: twice the least that is relayed. Policy, not protocol. */
const FALLBACK_FEERATE = 506;

export const policyOf = (config: Config): NodePolicy => ({
  channel: channelPolicyOf(config),
  forwarding: {
    feeBaseMsat: config.feeBaseMsat,
    feeProportionalMillionths: config.feePpm,
    cltvExpiryDelta: config.cltvExpiryDelta,
  },
  fallbackFeerate: FALLBACK_FEERATE,
  acceptKeysend: config.acceptKeysend,
  keysendTypes: new Set(config.keysendTypes.map(BigInt)),
  openings: {
    channelsPerPeer: config.channelsPerPeer,
    unfundedPerPeer: config.openingsPerPeer,
    unfunded: config.openings,
  },
});

function channelPolicyOf({ network, staticRemotekey, closeAddress, ...config }: Config): ChannelPolicy {
  const script = closeAddress === "" ? ok(undefined) : scriptOfAddress(closeAddress, CHAINS[network]);
  assert(script.ok, "addresses of the configuration are checked before");
  return {
    ...DEFAULT_POLICY,
    formats: staticRemotekey ? ["anchors", "static_remotekey"] : ["anchors"],
    upfrontShutdownScript: script.value,
    closeBlocks: config.closeBlocks === 0 ? undefined : config.closeBlocks,
    zeroConfPeers: new Set(config.zeroConfPeers.flatMap((id) => parseNodeId(id) ?? [])),
    zeroConfMax: sat(BigInt(config.zeroConfMaxSat)),
    capacityMin: sat(BigInt(config.minChannelSat)),
    capacityMax: sat(BigInt(config.maxChannelSat)),
    reserveSharePpmMax: BigInt(config.maxReservePpm),
    contribution: sat(BigInt(config.contributionSat)),
    requireConfirmedInputs: config.requireConfirmedInputs,
  };
}
