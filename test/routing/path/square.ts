import type { LocalChannel } from "../../../routing/path/route.ts";
import { findRoute, type RouteRequest } from "../../../routing/path/search.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { type Channel, network, node, scid } from "./networks.ts";

/** We are 1; 1–2–4 costs 10, 1–3–4 costs 20. */
export const SQUARE: readonly Channel[] = [
  { id: 1, between: [1, 2], sides: [{}, {}] },
  { id: 2, between: [1, 3], sides: [{}, {}] },
  { id: 3, between: [2, 4], sides: [{ base: 10, delta: 100 }, {}] },
  { id: 4, between: [3, 4], sides: [{ base: 20, delta: 6 }, {}] },
];
export const local = (id: number, peer: number, spendable = 10n ** 9n, htlcMinimum = 0n): LocalChannel => ({
  shortChannelId: scid(id),
  peer: node(peer),
  spendable: msat(spendable),
  htlcMinimum: msat(htlcMinimum),
});
export const REQUEST: RouteRequest = {
  source: node(1),
  target: node(4),
  amount: msat(1_000n),
  finalExpiry: cltvExpiry(500),
  maxFee: msat(1_000n),
  localChannels: [local(1, 2), local(2, 3)],
};
/** The numbers of the channels that were chosen, or the refusal. */
export const chosen = (channels: readonly Channel[], changes: Partial<RouteRequest> = {}): unknown => {
  const found = findRoute(network(channels), { ...REQUEST, ...changes });
  return found.ok ? found.value.hops.map((hop) => Number((hop.shortChannelId >> 16n) & 0xffn)) : found.error;
};
/** The square with one side of channel 3 (2 → 4) changed. */
export const with3 = (side: object): readonly Channel[] =>
  SQUARE.map((channel) => (channel.id === 3 ? { ...channel, sides: [{ base: 10, ...side }, {}] } : channel));
