import { HDKey } from "@scure/bip32";
import { present } from "../../base/result.ts";
import type { AddressType, Branch, KeyPath } from "../../bitcoin/key-path.ts";
import type { PublicAccount, Signer } from "../../ports/signer.ts";
import { TEST_VERSIONS } from "../keychain.ts";

/** BIP 44 §Change. */
export const BRANCH_STEP: { readonly [B in Branch]: number } = { external: 0, change: 1 };

/** By which steps from the words other programs find a key. BIP 174 §Specification: PSBT_IN_BIP32_DERIVATION. */
export interface KeyOrigin {
  /** Of the master key. BIP 32 §Key identifiers. */
  readonly fingerprint: number;
  /** From the master key on; hardened steps have their highest bit set. */
  readonly steps: readonly number[];
}

/** What the wallet asks about its keys, and of whoever has them. */
export interface WalletKeys extends Pick<Signer, "signWallet"> {
  /** The compressed public key of an address; of a taproot output it is the internal key. */
  walletKey(path: KeyPath): Uint8Array;
  walletOrigin(path: KeyPath): KeyOrigin;
}

/** Public keys are derived here, from what is public; only signatures are asked for. */
export function walletKeysOf({ accounts, signWallet }: Pick<Signer, "accounts" | "signWallet">): WalletKeys {
  const branches = new Map<string, HDKey>();
  const origins = new Map<AddressType, Signer["accounts"][AddressType]>();
  const originOf = (type: AddressType): Signer["accounts"][AddressType] => {
    const known = origins.get(type) ?? accounts[type];
    origins.set(type, known);
    return known;
  };
  const branchOf = (type: AddressType, branch: Branch): HDKey => {
    const name = `${type}/${branch}`;
    const known = branches.get(name);
    if (known !== undefined) return known;
    const { xpub } = originOf(type);
    const account = xpub.startsWith("t") ? HDKey.fromExtendedKey(xpub, TEST_VERSIONS) : HDKey.fromExtendedKey(xpub);
    const derived = account.deriveChild(BRANCH_STEP[branch]);
    branches.set(name, derived);
    return derived;
  };
  return {
    signWallet,
    walletKey: ({ type, branch, index }) =>
      present(branchOf(type, branch).deriveChild(index).publicKey, "a derived key has its public half"),
    walletOrigin: ({ type, branch, index }) => {
      const { fingerprint, steps } = originOf(type);
      return { fingerprint, steps: [...steps, BRANCH_STEP[branch], index] };
    },
  };
}

/** An account as a descriptor has it: in brackets where it comes from, then its key. BIP 380 §Key Expressions. */
export function accountKey({ fingerprint, steps, xpub }: PublicAccount): string {
  const path = steps.map((step) => (step >= HARDENED ? `${step - HARDENED}h` : `${step}`));
  return `[${[fingerprint.toString(16).padStart(8, "0"), ...path].join("/")}]${xpub}`;
}
/** BIP 32 §Extended keys. */
const HARDENED = 0x8000_0000;
