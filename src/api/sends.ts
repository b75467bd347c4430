import { z } from "zod";
import { err, ok, type Result } from "../base/result.ts";
import type { CommandFault } from "../daemon/commands.ts";
import type { SendRequest } from "../daemon/views.ts";
import { faultOfCommand } from "./faults.ts";
import { addressField, feerateField, outpointField, positiveSatField } from "./fields.ts";

/** Policy, not protocol. */
const COINS_MAX = 252;
/** A payment on the chain, as it is asked for; without coins the wallet chooses. */
export const paymentFields = {
  address: addressField,
  amountSat: positiveSatField,
  feerateSatPerKw: feerateField.optional(),
  coins: z.array(outpointField).min(1).max(COINS_MAX).optional(),
};
/** The same, as the node takes it. */
export const paymentOf = ({
  address,
  amountSat,
  feerateSatPerKw,
  coins,
}: z.output<z.ZodObject<typeof paymentFields>>): SendRequest => ({
  address,
  amount: amountSat,
  ...(feerateSatPerKw !== undefined && { feerate: feerateSatPerKw }),
  ...(coins && { coins }),
});

/** What has come of it: a transaction, by its name. */
export const named = (answer: Result<{ readonly txid: string }, CommandFault>, status: 200 | 201) =>
  answer.ok ? ok({ status, body: { txid: answer.value.txid } }) : err(faultOfCommand(answer.error));
