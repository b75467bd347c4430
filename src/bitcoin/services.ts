import { NODE_COMPACT_FILTERS, NODE_NETWORK, NODE_NETWORK_LIMITED, NODE_WITNESS } from "./messages.ts";

/** By their bits. BIP 111 §Specification, BIP 144 §Specification, BIP 157 §Service Bit, BIP 159 §Specification, BIP 324 §Signaling. */
const NAMES: readonly (readonly [bigint, string])[] = [
  [NODE_NETWORK, "NETWORK"],
  [1n << 2n, "BLOOM"],
  [NODE_WITNESS, "WITNESS"],
  [NODE_COMPACT_FILTERS, "COMPACT_FILTERS"],
  [NODE_NETWORK_LIMITED, "NETWORK_LIMITED"],
  [1n << 11n, "P2P_V2"],
];

/** What a node says to serve, as far as it has a name; the names are Bitcoin Core's. */
export const serviceNames = (services: bigint): readonly string[] =>
  NAMES.flatMap(([bit, name]) => ((services & bit) === 0n ? [] : [name]));
