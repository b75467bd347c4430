import { parseHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { scriptOfAddress } from "./address.ts";
import type { Descriptor, DescriptorKey, MultisigDescriptor } from "./descriptor.ts";
import { descriptorChecksum } from "./descriptor-checksum.ts";
import type { DescriptorFault } from "./descriptor-fault.ts";
import { holdsPrivateKey, type KeyForm, parseKey } from "./descriptor-key.ts";
import type { ChainParams } from "./params.ts";

/** Policy, not protocol. */
const LENGTH_MAX = 10_000;
/** BIP 383 §Specification. */
const BARE_KEYS_MAX = 3;
const KEYS_MAX = 20;
/** The most that a script behind a hash of 20 bytes may have. BIP 16 §Specification. */
const REDEEM_SCRIPT_BYTES_MAX = 520;

/** What stands around an expression. */
type Place = "top" | "sh" | "wsh";
/** Where each function may stand. BIP 381 to 383, 385 and 386, each §Specification. */
const PLACES: { readonly [T in Descriptor["tag"]]: readonly Place[] } = {
  pk: ["top", "sh", "wsh"],
  pkh: ["top", "sh", "wsh"],
  wpkh: ["top", "sh"],
  sh: ["top"],
  wsh: ["top", "sh"],
  multi: ["top", "sh", "wsh"],
  sortedmulti: ["top", "sh", "wsh"],
  tr: ["top"],
  addr: ["top"],
  raw: ["top"],
};
const isFunction = (name: string): name is Descriptor["tag"] => Object.hasOwn(PLACES, name);

type Parsed<T> = Result<T, DescriptorFault>;
const refuse = (code: DescriptorFault["code"]) => err<DescriptorFault>({ code });

/**
 * Reads a descriptor, whose checksum may be left out. Keys and addresses have to be of the chain of `params`, and every key
 * public. Text of any length and kind gives an answer; the work is linear in at most 10,000 characters.
 */
export function parseDescriptor(text: string, params: ChainParams): Parsed<Descriptor> {
  if (text.length > LENGTH_MAX) return refuse("too_long");
  if (holdsPrivateKey(text)) return refuse("private_key");
  const mark = text.indexOf("#");
  const script = mark < 0 ? text : text.slice(0, mark);
  const checksum = descriptorChecksum(script);
  if (checksum === undefined) return refuse("bad_character");
  if (mark >= 0 && text.slice(mark + 1) !== checksum) return refuse("bad_checksum");
  return parseScript(script, "top", params);
}

function parseScript(text: string, place: Place, params: ChainParams): Parsed<Descriptor> {
  const open = text.indexOf("(");
  if (open < 0 || !text.endsWith(")")) return refuse("malformed");
  const name = text.slice(0, open);
  const inside = text.slice(open + 1, -1);
  if (!isFunction(name)) return refuse("unknown_function");
  if (!PLACES[name].includes(place)) return refuse("misplaced_function");
  switch (name) {
    case "sh":
    case "wsh": {
      const inner = parseScript(inside, name, params);
      return inner.ok ? ok({ tag: name, inner: inner.value }) : inner;
    }
    case "multi":
    case "sortedmulti":
      return parseMultisig(name, inside.split(","), place, params);
    case "addr": {
      const script = scriptOfAddress(inside, params);
      if (script.ok) return ok({ tag: name, address: inside, script: script.value });
      return refuse(script.error.code === "wrong_network" ? "wrong_network" : "bad_address");
    }
    case "raw": {
      const script = parseHex(inside);
      return script === undefined ? refuse("bad_script") : ok({ tag: name, hex: inside, script });
    }
    default: {
      if (name === "tr" && inside.includes(",")) return refuse("script_tree");
      const key = parseKey(inside, formOf(name, place), params);
      return key.ok ? ok({ tag: name, key: key.value }) : key;
    }
  }
}

/** Witness programs take no uncompressed keys. BIP 382 §wpkh(), BIP 382 §wsh(). */
function formOf(name: Descriptor["tag"], place: Place): KeyForm {
  if (name === "tr") return "x-only";
  return name === "wpkh" || place === "wsh" ? "compressed" : "any";
}

function parseMultisig(
  tag: MultisigDescriptor["tag"],
  [threshold = "", ...texts]: readonly string[],
  place: Place,
  params: ChainParams,
): Parsed<MultisigDescriptor> {
  if (texts.length > (place === "top" ? BARE_KEYS_MAX : KEYS_MAX)) return refuse("too_many_keys");
  const needed = /^[1-9][0-9]?$/.test(threshold) ? Number(threshold) : 0;
  if (needed === 0 || needed > texts.length) return refuse("bad_threshold");
  const keys: DescriptorKey[] = [];
  for (const text of texts) {
    const key = parseKey(text, formOf(tag, place), params);
    if (!key.ok) return key;
    keys.push(key.value);
  }
  // Two counts and the opcode, and each key behind its length.
  const bytes = keys.reduce((sum, key) => sum + 1 + (key.tag === "plain" ? key.bytes.length : 33), 3);
  if (place === "sh" && bytes > REDEEM_SCRIPT_BYTES_MAX) return refuse("too_many_keys");
  return ok({ tag, threshold: needed, keys });
}
