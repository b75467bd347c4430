import { decodeBech32 } from "../../src/base/bech32.ts";
import { toHex } from "../../src/base/bytes.ts";
import { formatShortChannelId } from "../../src/base/ids.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS, type NetworkName } from "../../src/bitcoin/params.ts";
import { p2pkh, p2sh, witnessScriptPubKey } from "../../src/bitcoin/templates.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type Invoice, signedData } from "../../src/payments/invoice.ts";
import type { Fallback } from "../../src/payments/invoice-fields.ts";
import { setBits } from "../../src/wire/features.ts";

export interface InvoiceVectors {
  readonly signing_privkey: string;
  readonly valid: readonly { readonly name: string; readonly invoice: string; readonly decoded: Decoded }[];
  readonly invalid: readonly { readonly name: string; readonly invoice: string }[];
}
export interface Decoded {
  readonly network: "mainnet" | "testnet";
  readonly [field: string]: unknown;
}
export const NETWORK: { readonly [N in Decoded["network"]]: NetworkName } = { mainnet: "mainnet", testnet: "testnet3" };

/** The invoice in the layout of the vectors, every field. */
export function shownInvoice(invoice: Invoice, network: Decoded["network"]): Record<string, unknown> {
  const bech32 = decodeBech32(invoice.text, Number.POSITIVE_INFINITY);
  if (bech32 === undefined) throw new Error("decoded before");
  const data = signedData(bech32.hrp, bech32.words.subarray(0, -104));
  const optionalHex = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes));
  return {
    network,
    amount_msat: invoice.amount === undefined ? null : invoice.amount.toString(),
    timestamp: invoice.timestamp,
    payment_hash: invoice.paymentHash,
    payment_secret: toHex(invoice.paymentSecret),
    description: invoice.description ?? null,
    description_hash: optionalHex(invoice.descriptionHash),
    payee_n: invoice.payeeStated ? invoice.payee : null,
    expiry: invoice.expirySeconds,
    min_final_cltv_expiry_delta: invoice.minFinalCltvExpiryDelta,
    payment_metadata: optionalHex(invoice.paymentMetadata),
    feature_bits: setBits(invoice.features),
    fallbacks: invoice.fallbacks.map((fallback) => ({
      version: fallback.version,
      program: toHex(fallback.program),
      address: addressOf(scriptOf(fallback), CHAINS[NETWORK[network]]),
    })),
    route_hints: invoice.routeHints.map((hops) =>
      hops.map((hop) => ({
        pubkey: hop.nodeId,
        short_channel_id: formatShortChannelId(hop.shortChannelId),
        fee_base_msat: hop.feeBaseMsat,
        fee_proportional_millionths: hop.feeProportionalMillionths,
        cltv_expiry_delta: hop.cltvExpiryDelta,
      })),
    ),
    signature: toHex(invoice.signature),
    recovery_id: invoice.recovery,
    signing_data: toHex(data),
    signing_hash: toHex(sha256(data)),
    low_s: toHex(secp256k1.normalize(invoice.signature) ?? new Uint8Array(0)) === toHex(invoice.signature),
    payee: invoice.payee,
  };
}
function scriptOf({ version, program }: Fallback): Uint8Array {
  if (version === 17) return p2pkh(program);
  return version === 18 ? p2sh(program) : witnessScriptPubKey({ version, program });
}
