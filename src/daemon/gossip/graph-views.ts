import type { Graph, Policy } from "../../../routing/index.ts";
import { printable } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { atMostAll, msat } from "../../base/units.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { defaultFeeLimit } from "../payment/commands.ts";
import type { GraphChannel, GraphNode, GraphPolicy, RouteQuote, RouteRequest } from "../views.ts";

export const graphNodes = (graph: Graph): readonly GraphNode[] =>
  [...graph.nodes.values()].map(({ id, announcement, channels }) => ({
    id,
    alias: announcement === undefined ? "" : printable(announcement.alias.filter((byte) => byte !== 0)),
    addresses: (announcement?.addresses ?? []).map((address) => JSON.stringify(address)),
    channels: channels.length,
  }));

export const graphChannels = (graph: Graph): readonly GraphChannel[] =>
  [...graph.channels.values()].map(({ shortChannelId, nodes, capacity, policies }) => ({
    shortChannelId,
    nodes: [nodes[0].id, nodes[1].id],
    capacity,
    policies: [policyView(policies[0]), policyView(policies[1])],
  }));

function policyView(policy: Policy | undefined): GraphPolicy | undefined {
  if (policy === undefined) return undefined;
  return {
    feeBaseMsat: msat(BigInt(policy.feeBaseMsat)),
    feePpm: policy.feeProportionalMillionths,
    cltvExpiryDelta: policy.cltvExpiryDelta,
    htlcMinimum: atMostAll(policy.htlcMinimumMsat),
    htlcMaximum: atMostAll(policy.htlcMaximumMsat),
    disabled: policy.disabled,
    timestamp: policy.timestamp,
  };
}

/** Which way a payment would go now, and what it would cost. */
export function routeQuote(hosts: Hosts, request: RouteRequest): Result<RouteQuote, CommandFault> {
  const { to, amount, maxFee = defaultFeeLimit(amount) } = request;
  const found = hosts.payments.quote(to, amount, maxFee, hosts.ctx.policy.timing.minFinalCltvExpiryDelta);
  if (!found.ok) {
    const code = found.error.code === "fee_too_high" ? "fee_too_high" : "no_route";
    return err({ code, detail: `no way: ${found.error.code.replaceAll("_", " ")}` });
  }
  const { hops, fee } = found.value;
  return ok({ amount, fee, hops: hops.map((hop) => ({ ...hop })) });
}
