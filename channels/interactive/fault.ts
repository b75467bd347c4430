/** Why a construction fails: the peer is told by `tx_abort`, and nothing is lost but the attempt. BOLT 2 §The tx_abort Message. */
export type TxFault =
  /** Not its turn, or not a message of a construction. */
  | { readonly code: "tx_out_of_turn" }
  | { readonly code: "serial_id_parity"; readonly serialId: bigint }
  | { readonly code: "serial_id_taken"; readonly serialId: bigint }
  | { readonly code: "sequence_too_high"; readonly sequence: number }
  | { readonly code: "sequence_locked"; readonly sequence: number }
  | { readonly code: "prevtx_invalid" }
  | { readonly code: "prevtx_too_long"; readonly bytes: number }
  | { readonly code: "prevtx_output_missing"; readonly vout: number }
  | { readonly code: "input_not_segwit"; readonly serialId: bigint }
  | { readonly code: "input_twice"; readonly serialId: bigint }
  | { readonly code: "input_unconfirmed"; readonly serialId: bigint }
  | { readonly code: "shared_input_wrong" }
  | { readonly code: "too_many_messages"; readonly maximum: number }
  | { readonly code: "output_below_dust"; readonly minimum: bigint }
  | { readonly code: "output_not_standard"; readonly serialId: bigint }
  | { readonly code: "nothing_to_remove"; readonly serialId: bigint }
  | { readonly code: "too_many_inputs"; readonly maximum: number }
  | { readonly code: "too_many_outputs"; readonly maximum: number }
  | { readonly code: "tx_too_heavy"; readonly maximum: number }
  | { readonly code: "more_than_all_coins" }
  | { readonly code: "shared_output_wrong" }
  | { readonly code: "inputs_do_not_cover"; readonly side: "local" | "remote" }
  | {
      readonly code: "feerate_not_met";
      readonly side: "local" | "remote";
      readonly fee: bigint;
      readonly needed: bigint;
    }
  | { readonly code: "fee_below_replaced"; readonly needed: bigint }
  | { readonly code: "replaced_not_spent" }
  | { readonly code: "signed_txid_wrong" }
  | { readonly code: "witness_count"; readonly expected: number; readonly received: number }
  | { readonly code: "witness_malformed"; readonly serialId: bigint }
  | { readonly code: "witness_not_sighash_all"; readonly serialId: bigint }
  | { readonly code: "witness_invalid"; readonly serialId: bigint }
  | { readonly code: "witness_too_heavy"; readonly fee: bigint; readonly needed: bigint }
  | { readonly code: "shared_signature_wrong" };

/** One line for the peer's operator: the code and its data, nothing secret. */
export function describeTxFault(fault: TxFault): string {
  const details = Object.entries(fault)
    .filter(([name]) => name !== "code")
    .map(([name, value]) => `${name} ${String(value)}`);
  return [fault.code.replaceAll("_", " "), ...details].join(", ");
}
