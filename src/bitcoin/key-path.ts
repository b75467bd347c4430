/** Addresses that are shown to others, and those for our own change. BIP 44 §Change. */
export type Branch = "external" | "change";
/** What an address of the wallet is: a key hash, or a taproot output that only its key can spend. */
export type AddressType = "p2wpkh" | "p2tr";
export const ADDRESS_TYPES: readonly AddressType[] = ["p2wpkh", "p2tr"];

/** Which key of the wallet an output pays to. BIP 84 §Derivation. */
export interface KeyPath {
  readonly type: AddressType;
  readonly branch: Branch;
  readonly index: number;
}
