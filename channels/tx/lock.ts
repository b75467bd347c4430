import { p2pkhOf, p2wpkhOf, p2wshOf } from "../../src/bitcoin/templates.ts";

/** What an output of a channel is locked with: a script behind its hash, or one key behind its. BOLT 3 §Commitment Transaction Outputs. */
export type Lock =
  | { readonly tag: "script"; readonly witnessScript: Uint8Array }
  | { readonly tag: "key"; readonly publicKey: Uint8Array };

export const scriptLock = (witnessScript: Uint8Array): Lock => ({ tag: "script", witnessScript });

/** The scriptPubKey. */
export const lockScript = (lock: Lock): Uint8Array =>
  lock.tag === "script" ? p2wshOf(lock.witnessScript) : p2wpkhOf(lock.publicKey);

/** What a signature that opens it is for. BIP 143 §Specification: scriptCode. */
export const scriptCodeOf = (lock: Lock): Uint8Array =>
  lock.tag === "script" ? lock.witnessScript : p2pkhOf(lock.publicKey);

/** What is behind the hash, which stands last in the witness. BIP 141 §Witness program. */
export const revealed = (lock: Lock): Uint8Array => (lock.tag === "script" ? lock.witnessScript : lock.publicKey);
