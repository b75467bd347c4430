import { paymentHash, preimage } from "../../base/ids.ts";
import { err, type Result } from "../../base/result.ts";
import { sha256 } from "../../crypto/hash.ts";
import {
  CUSTOM_RECORDS_BYTES_MAX,
  customRecordsBytes,
  isCustomType,
  KEYSEND_FINAL_BLOCKS,
  type Keysend,
} from "../../payments/keysend.ts";
import type { PaymentRequest } from "../../payments/payment.ts";
import { hasFeature, KEYSEND_BIT } from "../../wire/features.ts";
import type { CommandFault } from "../command-fault.ts";
import type { Hosts } from "../hosts.ts";
import type { KeysendInfo, KeysendRequest, PaymentInfo } from "../views.ts";
import { begin, lateFault, limitsOf } from "./commands.ts";

/** Begins to pay a node that gave no invoice, with a preimage that is new. */
export async function payKeysend(hosts: Hosts, request: KeysendRequest): Promise<Result<PaymentInfo, CommandFault>> {
  const refusal = refusalOf(hosts, request);
  if (refusal !== undefined) return err(refusal);
  const { ctx } = hosts;
  const { payee, amount, customRecords = [] } = request;
  const secret = ctx.random.bytes(32);
  const payment: PaymentRequest = {
    paymentHash: paymentHash(sha256(secret)),
    payee,
    amount,
    paymentSecret: undefined,
    paymentMetadata: undefined,
    minFinalCltvExpiryDelta: KEYSEND_FINAL_BLOCKS,
    routeHints: [],
    ...limitsOf(ctx, amount, request),
    customRecords,
    purpose: { tag: "Keysend", preimage: preimage(secret) },
  };
  return begin(hosts, payment);
}

function refusalOf(hosts: Hosts, { payee, amount, customRecords = [] }: KeysendRequest): CommandFault | undefined {
  const { ctx, graph } = hosts;
  const late = lateFault(hosts);
  if (late !== undefined) return late;
  if (amount === 0n) return { code: "bad_request", detail: "must be above 0", pointer: "/amountMsat" };
  if (payee === ctx.self) return { code: "bad_request", detail: "is this node itself", pointer: "/keysend" };
  if (!customRecords.every(({ type }) => isCustomType(type)))
    return {
      code: "bad_request",
      detail: "types are from 65536 on, but the preimage's own",
      pointer: "/customRecords",
    };
  if (customRecordsBytes(customRecords) > CUSTOM_RECORDS_BYTES_MAX)
    return {
      code: "bad_request",
      detail: `take more than ${CUSTOM_RECORDS_BYTES_MAX} bytes with their types and lengths`,
      pointer: "/customRecords",
    };
  // Nothing is known of the features of a node without a public channel: it says itself whether it takes it.
  const features = graph.nodes.get(payee)?.announcement?.features;
  if (features === undefined || hasFeature(features, KEYSEND_BIT)) return undefined;
  return { code: "not_possible", detail: "That node does not say that it takes payments without an invoice." };
}

export const keysendInfo = ({ paymentHash: hash, received, customRecords, receivedAt }: Keysend): KeysendInfo => ({
  id: `ks_${hash}`,
  paymentHash: hash,
  amount: received,
  customRecords,
  receivedAt,
});
