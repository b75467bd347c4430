import { DEFAULT_POLICY } from "../../channels/index.ts";
import type { Config } from "./config.ts";
import type { NodePolicy } from "./context.ts";

/** Sat per 1,000 weight units while nobody has an estimate: twice the least that is relayed. Policy, not protocol. */
const FALLBACK_FEERATE = 506;

export const policyOf = ({ feeBaseMsat, feePpm, cltvExpiryDelta, staticRemotekey }: Config): NodePolicy => ({
  channel: { ...DEFAULT_POLICY, formats: staticRemotekey ? ["anchors", "static_remotekey"] : ["anchors"] },
  forwarding: { feeBaseMsat, feeProportionalMillionths: feePpm, cltvExpiryDelta },
  fallbackFeerate: FALLBACK_FEERATE,
});
