import { z } from "zod";
import { toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { encodeTx } from "../../bitcoin/tx.ts";
import type { CommandFault } from "../../daemon/commands.ts";
import { PSBT_BYTES_MAX } from "../../daemon/wallet/psbt.ts";
import type { PsbtView } from "../../daemon/wallet/psbt-view.ts";
import { faultOfCommand } from "../faults.ts";
import { txidField } from "../fields.ts";
import { type Route, route } from "../route.ts";
import { named, paymentFields, paymentOf } from "../sends.ts";
import { psbtShape, txidShape } from "../shapes.ts";

const PSBT_TEXT_MAX = Math.ceil(PSBT_BYTES_MAX / 3) * 4;
const psbtField = z
  .string()
  .max(PSBT_TEXT_MAX, `must have at most ${PSBT_TEXT_MAX} characters`)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be a PSBT in base64");
const anyFee = z.boolean().optional().meta({ description: "also a fee that looks like a mistake" });
const PSBTS_MAX = 20;
const EXAMPLE = "cHNidP8BAA==";

const psbtJson = (view: PsbtView): z.output<typeof psbtShape> => ({
  psbt: view.psbt,
  txid: view.txid,
  feeSat: view.fee?.toString() ?? null,
  inputs: view.inputs.map(({ outpoint, amount, address, ours, signed }) => ({
    outpoint: outpointKey(outpoint),
    amountSat: amount?.toString() ?? null,
    address: address ?? null,
    ours,
    signed,
  })),
  outputs: view.outputs.map(({ amount, address, ours }) => ({
    amountSat: amount.toString(),
    address: address ?? null,
    ours,
  })),
  tx: view.tx === undefined ? null : toHex(encodeTx(view.tx)),
});
const shown = (answer: Result<PsbtView, CommandFault>, status: 200 | 201 = 200) =>
  answer.ok ? ok({ status, body: psbtJson(answer.value) }) : err(faultOfCommand(answer.error));
const whether = (asked: boolean | undefined) => (asked === undefined ? {} : { anyFee: asked });

/** What is asked of one that is given. */
const ofOne = { method: "post", body: z.strictObject({ psbt: psbtField }), example: { psbt: EXAMPLE } } as const;
const signing = { ...ofOne, scope: "wallet:write", body: z.strictObject({ psbt: psbtField, anyFee }) } as const;

export const psbtRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/wallet/psbts",
    summary: "A payment for others to sign, or to be signed later; its coins are kept for it",
    scope: "wallet:write",
    repeat: "costly",
    body: z.strictObject({ ...paymentFields, anyFee }),
    example: { address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", amountSat: "50000" },
    response: psbtShape,
    handler: async ({ commands, body: { anyFee: free, ...payment } }) =>
      shown(await commands.createPsbt({ ...paymentOf(payment), ...whether(free) }), 201),
  }),
  route({
    ...ofOne,
    path: "/v1/wallet/psbts/show",
    summary: "What a PSBT says",
    scope: "wallet:read",
    response: psbtShape,
    handler: ({ commands, body: { psbt } }) => shown(commands.showPsbt(psbt)),
  }),
  route({
    ...signing,
    path: "/v1/wallet/psbts/sign",
    summary: "Signs what spends coins of the wallet",
    response: psbtShape,
    handler: async ({ commands, body: { psbt, anyFee: free } }) =>
      shown(await commands.signPsbt({ psbt, ...whether(free) })),
  }),
  route({
    method: "post",
    path: "/v1/wallet/psbts/combine",
    summary: "One PSBT with what several signers have put into theirs",
    scope: "wallet:read",
    body: z.strictObject({ psbts: z.array(psbtField).min(1).max(PSBTS_MAX) }),
    example: { psbts: [EXAMPLE, EXAMPLE] },
    response: psbtShape,
    handler: ({ commands, body: { psbts } }) => shown(commands.combinePsbts(psbts)),
  }),
  route({
    ...ofOne,
    path: "/v1/wallet/psbts/finalize",
    summary: "Makes the transaction of a PSBT that all have signed",
    scope: "wallet:read",
    response: psbtShape,
    handler: ({ commands, body: { psbt } }) => shown(commands.finalizePsbt(psbt)),
  }),
  route({
    ...signing,
    path: "/v1/wallet/psbts/send",
    summary: "Publishes the transaction of a PSBT that all have signed",
    response: txidShape,
    handler: async ({ commands, body: { psbt, anyFee: free } }) =>
      named(await commands.sendPsbt({ psbt, ...whether(free) }), 201),
  }),
  route({
    method: "delete",
    path: "/v1/wallet/psbts/:txid",
    summary: "Gives back the coins that are kept for a PSBT",
    scope: "wallet:write",
    params: z.object({ txid: txidField }),
    response: txidShape,
    handler: async ({ commands, params: { txid } }) => named(await commands.releasePsbt(txid), 200),
  }),
];
