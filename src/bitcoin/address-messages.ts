import { type Codec, listOf, refine, struct, type ValueOf } from "../codec/codec.ts";
import { bytes, bytesOf, u8, u16, u32le, u64le } from "../codec/primitives.ts";
import { compactSize64, compactSizeTo } from "../codec/varint.ts";

/** Addresses of nodes as P2P messages carry them: in `version` and `addr`, and in `addrv2`, which knows more networks. */
const ADDRESSES_MAX = 1000;

export const netAddress = struct({ services: u64le, ip: bytes(16), port: u16 });
/** An IPv4 address is held as an IPv6 one behind ten zeros and two 0xff. */
export type NetAddress = ValueOf<typeof netAddress>;

/** @property time  when the node was last seen: seconds since 1970-01-01 UTC */
export const addr = struct({
  addresses: listOf(compactSizeTo(ADDRESSES_MAX), struct({ time: u32le, address: netAddress })),
});

/** BIP 155 §Specification. Numbers, names and lengths of the networks that have them. */
const NETWORKS = [
  [1, "ipv4", 4],
  [2, "ipv6", 16],
  [3, "torv2", 10],
  [4, "torv3", 32],
  [5, "i2p", 32],
  [6, "cjdns", 16],
  [7, "yggdrasil", 16],
] as const;
type KnownNetwork = (typeof NETWORKS)[number][1];
const NETWORK_BYTES_MAX = 512;

/** An address in a network; of networks that we do not know, and where it is none of its network, it is kept as it is. */
export type NetworkAddress =
  | { readonly network: KnownNetwork; readonly address: Uint8Array }
  | { readonly network: "unknown" | "none"; readonly id: number; readonly address: Uint8Array };

const beginsWith = (address: Uint8Array, ...first: readonly number[]): boolean =>
  first.every((byte, index) => address[index] === byte);
/** Addresses of other networks in IPv6's clothes: IPv4, and Tor's old ones. They have numbers of their own. */
const isDisguised = (address: Uint8Array): boolean =>
  beginsWith(address, ...new Uint8Array(10), 0xff, 0xff) || beginsWith(address, 0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43);
function isOf(network: KnownNetwork, address: Uint8Array): boolean {
  if (network === "ipv6") return !isDisguised(address);
  if (network === "cjdns") return beginsWith(address, 0xfc);
  if (network === "yggdrasil") return beginsWith(address, 0x02) || beginsWith(address, 0x03);
  return true;
}

/**
 * Number, length and bytes. With another length than its network's addresses have the whole message is refused. What has
 * the length and is no address of that network is one entry to be passed over, as what its sender may have been told.
 * BIP 155 §Specification, BIP 155 §Appendix A.
 */
export const networkAddress: Codec<NetworkAddress> = refine(
  "network_address",
  struct({ id: u8, address: bytesOf(compactSizeTo(NETWORK_BYTES_MAX)) }),
  ({ id, address }): NetworkAddress | undefined => {
    const known = NETWORKS.find(([number]) => number === id);
    if (known === undefined) return { network: "unknown", id, address };
    const [, network, length] = known;
    if (address.length !== length) return undefined;
    return isOf(network, address) ? { network, address } : { network: "none", id, address };
  },
  (value) => ({
    id: "id" in value ? value.id : (NETWORKS.find(([, name]) => name === value.network)?.[0] ?? 0),
    address: value.address,
  }),
);
const addressV2 = struct({ time: u32le, services: compactSize64, address: networkAddress, port: u16 });
export const addrv2 = struct({ addresses: listOf(compactSizeTo(ADDRESSES_MAX), addressV2) });
