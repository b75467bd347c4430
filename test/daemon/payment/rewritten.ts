import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { decodeInvoice, encodeInvoice, type InvoiceTerms, signedInvoice } from "../../../src/payments/invoice.ts";

/** An invoice that its own payee might have signed, for the same hash. */
export function rewritten(payee: LabNode, bolt11: string, change: Partial<InvoiceTerms>): string {
  const read = decodeInvoice(bolt11, "regtest");
  if (!read.ok) throw new Error(read.error.code);
  const { description = "", paymentMetadata: _, ...terms } = read.value;
  const unsigned = encodeInvoice({ ...terms, description, ...change });
  if (!unsigned.ok) throw new Error(unsigned.error.code);
  const { nodeSecret } = keychainOf(payee.words, "regtest");
  return signedInvoice(unsigned.value, secp256k1.signRecoverable(unsigned.value.digest, nodeSecret));
}
