import { parseHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import { decodeBase58Check } from "./base58.ts";
import type { DescriptorKey } from "./descriptor.ts";
import type { DescriptorFault } from "./descriptor-fault.ts";
import type { ChainParams } from "./params.ts";

/** Which form a key may have, by what stands around it. BIP 386 §Modified Key Expression. */
export type KeyForm = "any" | "compressed" | "x-only";

const BASE58 = "[1-9A-HJ-NP-Za-km-z]";
/** How extended and plain private keys begin and how long they are, right or mistyped. BIP 32 §Serialization format. */
const PRIVATE_KEY = new RegExp(
  `(?<!${BASE58})(?:[xyztuvXYZTUV]prv|(?![0-9a-fA-F]+(?![0-9a-zA-Z]))[5KLc9]${BASE58}{50,51}(?![0-9A-Za-z]))`,
);
export const holdsPrivateKey = (text: string): boolean => PRIVATE_KEY.test(text);

const ORIGIN = /^\[[0-9a-fA-F]{8}((?:\/[0-9]+[h']?)*)\]$/;
const EXTENDED = new RegExp(`^[a-zA-Z]pub${BASE58}+$`);
const STEP = /^(?:0|[1-9][0-9]{0,9})$/;
const HARDENED = /^[0-9*]+[hH']$/;
const HARDENED_FROM = 2 ** 31;
/** The depth of an extended key is one byte. */
const DEPTH_MAX = 255;
/** Serialised, with its version: version, depth, parent, number, chain code, key. BIP 32 §Serialization format. */
const EXTENDED_BYTES = 78;
const DEPTH_AT = 4;
const CHAIN_CODE_AT = 13;
const POINT_AT = 45;
const VERSION = { mainnet: 0x0488_b21e, others: 0x0435_87cf };

type Parsed<T> = Result<T, DescriptorFault>;
const refuse = (code: DescriptorFault["code"]) => err<DescriptorFault>({ code });

/** A key expression without private keys. BIP 380 §Key Expressions. */
export function parseKey(text: string, form: KeyForm, params: ChainParams): Parsed<DescriptorKey> {
  const end = text.startsWith("[") ? text.indexOf("]") + 1 : 0;
  const origin = text.slice(0, end);
  const key = text.slice(end);
  if (text.startsWith("[") !== end > 0 || (origin !== "" && !isOrigin(origin))) return refuse("bad_origin");
  const [first = "", ...steps] = key.split("/");
  if (EXTENDED.test(first)) return parseExtended(origin, first, steps, params);
  return steps.length > 0 ? refuse("bad_key") : parsePlain(origin, key, form);
}

function isOrigin(text: string): boolean {
  const path = ORIGIN.exec(text)?.[1];
  if (path === undefined) return false;
  const steps = path.split("/").slice(1);
  return steps.length <= DEPTH_MAX && steps.every((step) => isStep(step.replace(/[h']$/, "")));
}
const isStep = (text: string): boolean => STEP.test(text) && Number(text) < HARDENED_FROM;

function parsePlain(origin: string, hex: string, form: KeyForm): Parsed<DescriptorKey> {
  const bytes = parseHex(hex);
  if (bytes === undefined) return refuse("bad_key");
  const key = { tag: "plain", origin, hex, bytes } as const;
  if (bytes.length === 32 && form === "x-only") {
    return secp256k1.isPoint(Uint8Array.of(2, ...bytes)) ? ok(key) : refuse("bad_key");
  }
  if (bytes.length === 65 && bytes[0] === 4 && secp256k1.compress(bytes) !== undefined) {
    return form === "any" ? ok(key) : refuse("uncompressed_key");
  }
  return bytes.length === 33 && secp256k1.isPoint(bytes) ? ok(key) : refuse("bad_key");
}

function parseExtended(
  origin: string,
  xpub: string,
  steps: readonly string[],
  { network }: ChainParams,
): Parsed<DescriptorKey> {
  const bytes = decodeBase58Check(xpub);
  if (bytes?.length !== EXTENDED_BYTES || !secp256k1.isPoint(bytes.subarray(POINT_AT))) return refuse("bad_key");
  // What stands at the top has no parent and no number.
  const depth = bytes[DEPTH_AT] ?? 0;
  if (depth === 0 && bytes.subarray(DEPTH_AT, CHAIN_CODE_AT).some((byte) => byte !== 0)) return refuse("bad_key");
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (version !== VERSION.mainnet && version !== VERSION.others) return refuse("bad_key");
  if (version !== (network === "mainnet" ? VERSION.mainnet : VERSION.others)) return refuse("wrong_network");
  if (steps.some((step) => HARDENED.test(step))) return refuse("hardened_step");
  const ranged = steps.at(-1) === "*";
  const path = ranged ? steps.slice(0, -1) : steps;
  if (depth + steps.length > DEPTH_MAX || !path.every(isStep)) return refuse("bad_path");
  return ok({ tag: "extended", origin, xpub, path: path.map(Number), ranged });
}
