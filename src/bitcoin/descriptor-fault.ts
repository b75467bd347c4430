/**
 * Why a text is no descriptor that can be used. It never holds a piece of the text: that may be a private key, put in by
 * mistake.
 */
export interface DescriptorFault {
  readonly code:
    | "too_long"
    /** A character that no descriptor may hold. */
    | "bad_character"
    /** Written like a private key: only public ones are taken, and this one is to be kept secret. */
    | "private_key"
    | "bad_checksum"
    /** Not of the form `name(…)`, or something is left over. */
    | "malformed"
    /** None of ours. */
    | "unknown_function"
    /** Not at this place, as `wpkh` inside `wsh`. */
    | "misplaced_function"
    /** Trees of tapscripts. */
    | "script_tree"
    | "bad_origin"
    | "bad_key"
    /** Where a key has to be compressed. */
    | "uncompressed_key"
    /** Of an extended key that is for another network. */
    | "wrong_network"
    /** Behind an extended public key; only the private one knows such children. */
    | "hardened_step"
    | "bad_path"
    | "bad_threshold"
    | "too_many_keys"
    | "bad_address"
    | "bad_script";
}

/** For people. */
export const DESCRIPTOR_FAULTS: { readonly [C in DescriptorFault["code"]]: string } = {
  too_long: "longer than 10,000 characters",
  bad_character: "holds a character that no descriptor may hold",
  private_key: "holds a private key: write the public one, and take that key for known to whoever saw it here",
  bad_checksum: "the checksum does not fit: something is mistyped",
  malformed: "not of the form name(…)",
  unknown_function: "none of pk, pkh, wpkh, sh, wsh, multi, sortedmulti, tr, addr and raw",
  misplaced_function: "a function stands where it may not",
  script_tree: "trees of tapscripts are not followed, only tr(KEY)",
  bad_origin: "the origin of a key is not of the form [fingerprint/1h/2]",
  bad_key: "a key is none",
  uncompressed_key: "a key has to be compressed here",
  wrong_network: "a key or address is for another network",
  hardened_step: "a hardened step behind an extended public key cannot be gone without the private one",
  bad_path: "a step behind an extended key is none",
  bad_threshold: "the number of keys that must sign is none, or more than there are",
  too_many_keys: "too many keys for that place",
  bad_address: "not an address",
  bad_script: "not the hex of a script",
};
