import { decodeBech32, encodeBech32, fromWords, toWords } from "../base/bech32.ts";
import { concat } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeBase58Check, encodeBase58Check } from "./base58.ts";
import { CHAINS, type ChainParams } from "./params.ts";
import {
  isP2pkh,
  isP2sh,
  p2pkh,
  p2sh,
  type WitnessProgram,
  witnessProgramOf,
  witnessScriptPubKey,
} from "./templates.ts";

/** Why a text is no address that coins of this chain can be sent to. */
export type AddressFault = { readonly code: "malformed" } | { readonly code: "wrong_network" };
const MALFORMED = err({ code: "malformed" } as const);
const WRONG_NETWORK = err({ code: "wrong_network" } as const);

/** The address of a scriptPubKey; undefined when its form has none. BIP 350 §Addresses for segregated witness outputs. */
export function addressOf(scriptPubKey: Uint8Array, { address }: ChainParams): string | undefined {
  const program = witnessProgramOf(scriptPubKey);
  if (program !== undefined) return isAddressable(program) ? segwitAddress(program, address.hrp) : undefined;
  if (isP2pkh(scriptPubKey)) {
    return encodeBase58Check(concat(Uint8Array.of(address.p2pkh), scriptPubKey.subarray(3, 23)));
  }
  if (isP2sh(scriptPubKey)) return encodeBase58Check(concat(Uint8Array.of(address.p2sh), scriptPubKey.subarray(2, 22)));
  return undefined;
}

/** The scriptPubKey that an address of this chain stands for. BIP 350 §Addresses for segregated witness outputs. */
export function scriptOfAddress(text: string, params: ChainParams): Result<Uint8Array, AddressFault> {
  const bech32 = decodeBech32(text);
  if (bech32 !== undefined) {
    const [version, ...rest] = bech32.words;
    const program = fromWords(Uint8Array.from(rest));
    if (version === undefined || version > 16 || program === undefined) return MALFORMED;
    if (program.length < 2 || program.length > 40 || !isAddressable({ version, program })) return MALFORMED;
    if (bech32.variant !== (version === 0 ? "bech32" : "bech32m")) return MALFORMED;
    if (bech32.hrp === params.address.hrp) return ok(witnessScriptPubKey({ version, program }));
    return Object.values(CHAINS).some(({ address }) => address.hrp === bech32.hrp) ? WRONG_NETWORK : MALFORMED;
  }
  const payload = decodeBase58Check(text);
  if (payload?.length !== 21) return MALFORMED;
  const [prefix] = payload;
  if (prefix === params.address.p2pkh) return ok(p2pkh(payload.subarray(1)));
  if (prefix === params.address.p2sh) return ok(p2sh(payload.subarray(1)));
  const known = Object.values(CHAINS).some(({ address }) => prefix === address.p2pkh || prefix === address.p2sh);
  return known ? WRONG_NETWORK : MALFORMED;
}

const segwitAddress = ({ version, program }: WitnessProgram, hrp: string): string =>
  encodeBech32({
    hrp,
    words: concat(Uint8Array.of(version), toWords(program)),
    variant: version === 0 ? "bech32" : "bech32m",
  });
/** Version 0 knows two lengths only; anything else could never be spent. BIP 173 §Segwit address format. */
const isAddressable = ({ version, program }: WitnessProgram): boolean =>
  version !== 0 || program.length === 20 || program.length === 32;
