import { type AddressBook, addressBook, type ToldNode } from "../../../src/chain/addresses/book.ts";
import type { Place } from "../../../src/chain/addresses/place.ts";
import { placeOfIpv4 } from "../../../src/chain/addresses/place.ts";
import { NOW } from "../builder.ts";

/** A node of a public network: `a.b.c.d`. */
export const place = (a: number, b: number, c: number, d: number): Place =>
  placeOfIpv4(Uint8Array.of(a, b, c, d), 8333);
export const told = (at: Place, seen = NOW): ToldNode => ({ place: at, services: 9n, seen });
export const emptyBook = (seed = 7): AddressBook =>
  addressBook(new Uint8Array(16).fill(5), new Uint8Array(16).fill(seed));
