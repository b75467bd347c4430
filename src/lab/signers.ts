import { CHAINS } from "../bitcoin/params.ts";
import type { Keychain } from "../daemon/keychain.ts";
import { localSigner } from "../daemon/signer/local-signer.ts";
import type { Signer } from "../ports/signer.ts";

/** Where the keys of one node are kept over all its lives. */
export interface SignerHome {
  /** For a life of the node that begins: what was asked for the one before and not kept never was. */
  open(): Signer;
  /** The node is dead. */
  leave(): void;
}
/** By the words of a node, and what they make. */
export type SignersOf = (words: string, keychain: Keychain) => SignerHome;

/** Within the node, as it is by default: what it remembers follows from what is on the node's disk. */
const within: SignersOf = (_words, keychain) => ({
  open: () => localSigner(keychain, CHAINS.regtest),
  leave: () => {},
});
let chosen: SignersOf = within;

/** Where the nodes of all worlds that are made from now on have their keys: within them, unless it is said. */
export function keepSigners(signersOf: SignersOf | undefined): void {
  chosen = signersOf ?? within;
}
export const signersOf: SignersOf = (words, keychain) => chosen(words, keychain);
