import { toHex } from "../../base/bytes.ts";
import type { NetworkAddress } from "../../bitcoin/address-messages.ts";
import type { NetworkName } from "../../bitcoin/params.ts";

/** Where a node answers: an IPv6 address, or an IPv4 one in its clothes, and a port. Other networks are not dialled. */
export interface Place {
  readonly ip: Uint8Array;
  readonly port: number;
}
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
const V6_GROUP_BYTES = 4;
const V4_GROUP_BYTES = 2;

const isMapped = (ip: Uint8Array): boolean => MAPPED.every((byte, index) => ip[index] === byte);

/** One text for one place. */
export const placeKey = ({ ip, port }: Place): string => `${toHex(ip)}:${port}`;

/** The place of an IPv4 address of four bytes. */
export const placeOfIpv4 = (bytes: Uint8Array, port: number): Place => ({ ip: mapped(bytes), port });
/** The bytes of an IPv4 address; undefined for IPv6. */
export const ipv4Of = ({ ip }: Place): Uint8Array | undefined =>
  isMapped(ip) ? ip.subarray(MAPPED.length) : undefined;

/** Undefined for networks that we do not dial. */
export function placeOfAddress({ network, address }: NetworkAddress, port: number): Place | undefined {
  if (network === "ipv4") return placeOfIpv4(address, port);
  return network === "ipv6" ? { ip: address, port } : undefined;
}
export function networkAddressOf(place: Place): NetworkAddress {
  const ipv4 = ipv4Of(place);
  return ipv4 === undefined ? { network: "ipv6", address: place.ip } : { network: "ipv4", address: ipv4 };
}

const mapped = (ipv4: Uint8Array): Uint8Array => Uint8Array.from([...MAPPED, ...ipv4]);

/** Beginnings of IPv4 addresses that belong to nobody on the internet, with their bits. RFC 6890. */
const NOBODYS_V4 = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  [[224], 3],
] as const;
/** Of IPv6 addresses only this is given out; of it these are for tunnels, hashes and examples. RFC 6890. */
const GIVEN_V6 = [[0x20], 3] as const;
const NOBODYS_V6 = [
  [[0x20, 0x01, 0x00, 0x00], 32],
  [[0x20, 0x01, 0x00, 0x10], 28],
  [[0x20, 0x01, 0x00, 0x20], 28],
  [[0x20, 0x01, 0x0d, 0xb8], 32],
  [[0x20, 0x02], 16],
] as const;
function isWithin(address: Uint8Array, [start, bits]: readonly [readonly number[], number]): boolean {
  return start.every((byte, index) => {
    const kept = Math.min(8, bits - index * 8);
    return (((address[index] ?? 0) ^ byte) & (0xff << (8 - kept)) & 0xff) === 0;
  });
}

/** Whether anybody on the internet can dial it: neither this machine, nor a private network, nor an address without a host. */
export function isPublicPlace({ ip, port }: Place): boolean {
  if (port === 0) return false;
  if (isMapped(ip)) return !NOBODYS_V4.some((range) => isWithin(ip.subarray(MAPPED.length), range));
  return isWithin(ip, GIVEN_V6) && !NOBODYS_V6.some((range) => isWithin(ip, range));
}

/** What one operator can have many addresses of for little money: an IPv4 /16, an IPv6 /32. */
export const groupOf = ({ ip }: Place): string =>
  isMapped(ip)
    ? `4:${toHex(ip.subarray(MAPPED.length, MAPPED.length + V4_GROUP_BYTES))}`
    : `6:${toHex(ip.subarray(0, V6_GROUP_BYTES))}`;

const PUBLIC: ReadonlySet<NetworkName> = new Set<NetworkName>(["mainnet", "testnet3", "testnet4", "signet"]);
/** Whether a network is one of strangers, where peers are looked for. On the others only those are dialled that were named. */
export const isPublicNetwork = (network: NetworkName): boolean => PUBLIC.has(network);
