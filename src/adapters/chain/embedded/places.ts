import ipaddr from "ipaddr.js";
import { ipv4Of, type Place, placeOfIpv4 } from "../../../chain/addresses/place.ts";

/** As people and sockets write it. */
export const hostOf = (place: Place): string => ipaddr.fromByteArray([...(ipv4Of(place) ?? place.ip)]).toString();

/** The place of a host that is written as an address; undefined for a name, or for what is neither. */
export function placeOf(host: string, port: number): Place | undefined {
  if (!(port >= 1 && port <= 0xffff) || !ipaddr.isValid(host)) return undefined;
  const address = ipaddr.parse(host);
  const bytes = Uint8Array.from(address.toByteArray());
  return address.kind() === "ipv4" ? placeOfIpv4(bytes, port) : { ip: bytes, port };
}
/** The place of `host:port`, as a connection names its other end. */
export function placeOfText(text: string): Place | undefined {
  const colon = text.lastIndexOf(":");
  return placeOf(text.slice(0, colon), Number(text.slice(colon + 1)));
}
