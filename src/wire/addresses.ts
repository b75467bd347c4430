import { assert, err, ok, type Result } from "../base/result.ts";
import { ByteReader, ByteWriter, DecodeError } from "../codec/io.ts";

/** Where a node can be reached. Hosts of type 1, 2 and 4 are raw bytes: text is for the door. BOLT 7 §The node_announcement Message. */
export type NodeAddress =
  | { readonly tag: "ipv4"; readonly host: Uint8Array; readonly port: number }
  | { readonly tag: "ipv6"; readonly host: Uint8Array; readonly port: number }
  | { readonly tag: "tor_v3"; readonly host: Uint8Array; readonly port: number }
  | { readonly tag: "dns"; readonly hostname: string; readonly port: number };

/** Descriptor types. 3 was Tor v2, which is read past and never kept. */
const TYPES = { ipv4: 1, ipv6: 2, tor_v3: 4, dns: 5 } as const;
const HOST_BYTES = { ipv4: 4, ipv6: 16, tor_v3: 35 } as const;
const TOR_V2_TYPE = 3;
const TOR_V2_BYTES = 12;
const HOSTNAME_BYTES_MAX = 255;

/** What `readAddresses` found. */
export interface AddressList {
  readonly addresses: readonly NodeAddress[];
  /** More than one DNS hostname: what follows the first is dropped, and the announcement must not be relayed. */
  readonly relay: boolean;
}

/**
 * Reads the `addresses` field. An unknown type ends the reading without complaint; an address with port 0 (but a Tor one)
 * is passed over; a known type that is cut short is an error. BOLT 7 §The node_announcement Message.
 */
export function readAddresses(field: Uint8Array): Result<AddressList, DecodeError> {
  const reader = new ByteReader(field);
  const addresses: NodeAddress[] = [];
  try {
    while (reader.remaining > 0) {
      const type = reader.u8();
      if (type === TOR_V2_TYPE) {
        reader.bytes(TOR_V2_BYTES);
        continue;
      }
      const address = readOne(reader, type);
      if (address === "unknown") break;
      if (address.tag === "dns" && addresses.some((known) => known.tag === "dns"))
        return ok({ addresses, relay: false });
      if (address.port !== 0 || address.tag === "tor_v3") addresses.push(address);
    }
  } catch (error) {
    if (error instanceof DecodeError) return err(error.within("addresses"));
    throw error;
  }
  return ok({ addresses, relay: true });
}

function readOne(reader: ByteReader, type: number): NodeAddress | "unknown" {
  switch (type) {
    case TYPES.ipv4:
      return { tag: "ipv4", host: reader.bytes(HOST_BYTES.ipv4), port: reader.u16() };
    case TYPES.ipv6:
      return { tag: "ipv6", host: reader.bytes(HOST_BYTES.ipv6), port: reader.u16() };
    case TYPES.tor_v3:
      return { tag: "tor_v3", host: reader.bytes(HOST_BYTES.tor_v3), port: reader.u16() };
    case TYPES.dns: {
      const hostname = reader.bytes(reader.u8());
      if (hostname.some((byte) => byte <= 0x20 || byte >= 0x7f)) throw new DecodeError("invalid", "hostname");
      return { tag: "dns", hostname: String.fromCharCode(...hostname), port: reader.u16() };
    }
    default:
      return "unknown";
  }
}

/** The `addresses` field of our own announcement: descriptors in ascending order of type. */
export function writeAddresses(addresses: readonly NodeAddress[]): Uint8Array {
  const writer = new ByteWriter(64);
  assert(addresses.filter((address) => address.tag === "dns").length <= 1, "at most one DNS hostname is announced");
  for (const address of [...addresses].sort((a, b) => TYPES[a.tag] - TYPES[b.tag])) {
    assert(address.port > 0 && address.port <= 0xffff, "an announced address has a port");
    writer.u8(TYPES[address.tag]);
    if (address.tag === "dns") {
      const hostname = Uint8Array.from(address.hostname, (character) => character.charCodeAt(0));
      assert(hostname.length <= HOSTNAME_BYTES_MAX && /^[!-~]+$/.test(address.hostname), "a hostname of ASCII");
      writer.u8(hostname.length);
      writer.bytes(hostname);
    } else {
      assert(address.host.length === HOST_BYTES[address.tag], "a host of the length of its type");
      writer.bytes(address.host);
    }
    writer.u16(address.port);
  }
  return writer.finish();
}
