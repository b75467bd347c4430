import { type ChannelPolicy, DEFAULT_POLICY } from "../../channels/index.ts";
import { assert, ok } from "../base/result.ts";
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
});

function channelPolicyOf({ network, staticRemotekey, closeAddress }: Config): ChannelPolicy {
  const script = closeAddress === "" ? ok(undefined) : scriptOfAddress(closeAddress, CHAINS[network]);
  assert(script.ok, "addresses of the configuration are checked before");
  return {
    ...DEFAULT_POLICY,
    formats: staticRemotekey ? ["anchors", "static_remotekey"] : ["anchors"],
    upfrontShutdownScript: script.value,
  };
}
