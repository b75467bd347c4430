import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import { LABEL_TYPES, type Label } from "../../daemon/wallet/label.ts";
import { LABEL_MAX, ORIGIN_MAX } from "../../daemon/wallet/labels.ts";
import { faultOfCommand } from "../faults.ts";
import { lineField } from "../fields.ts";
import { importedLabelsShape, labelShape } from "../label-shapes.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { page } from "../shapes.ts";

const FILE_CHARS_MAX = 4_000_000;
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const REF_MAX = 160;

const labelJson = ({ origin, spendable, ...label }: Label): z.output<typeof labelShape> => ({
  ...label,
  origin: origin ?? null,
  spendable: spendable ?? null,
});

export const labelRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/wallet/labels",
    summary: "What people call transactions, addresses and coins",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(labelShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.labels(), cursor: ({ type, ref }) => `${type}:${ref}`, json: labelJson }),
  }),
  route({
    method: "post",
    path: "/v1/wallet/labels",
    summary: "Calls something by a name; without a name that is taken away. Of a coin, keeps it back or not",
    scope: "wallet:write",
    body: z.strictObject({
      type: z.enum(LABEL_TYPES),
      ref: lineField(REF_MAX),
      label: lineField(LABEL_MAX),
      origin: lineField(ORIGIN_MAX).optional(),
      spendable: z.boolean().optional(),
    }),
    example: { type: "output", ref: `${"ab".repeat(32)}:0`, label: "rent", spendable: false },
    response: labelShape,
    async handler({ commands, body: { origin, spendable, ...label } }) {
      const set = await commands.setLabel({ ...label, origin, spendable });
      return set.ok ? ok({ status: 200, body: labelJson(set.value) }) : err(faultOfCommand(set.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/wallet/labels/import",
    summary: "Takes in a file of labels (BIP 329), all of it or nothing",
    scope: "wallet:write",
    bodyBytes: BODY_BYTES_MAX,
    body: z.strictObject({ text: z.string().max(FILE_CHARS_MAX, `must have at most ${FILE_CHARS_MAX} characters`) }),
    example: { text: JSON.stringify({ type: "tx", ref: "ab".repeat(32), label: "rent" }) },
    response: importedLabelsShape,
    async handler({ commands, body: { text } }) {
      const taken = await commands.importLabels(text);
      return taken.ok ? ok({ status: 200, body: taken.value }) : err(faultOfCommand(taken.error));
    },
  }),
];
