import { z } from "zod";
import { outpointKey } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import type { BackupCheck } from "../../daemon/backup/commands.ts";
import { backupCheckShape, backupShape } from "../backup-shapes.ts";
import { faultOfCommand } from "../faults.ts";
import { type Route, route } from "../route.ts";
import { time } from "../views.ts";

/** Longer than any backup of more channels than a node can have. */
const TEXT_CHARS_MAX = 8_000_000;
const BODY_BYTES_MAX = 8 * 1024 * 1024;

const checkJson = ({ changedAt, channels, missing, ...check }: BackupCheck): z.output<typeof backupCheckShape> => ({
  ...check,
  changedAt: time(changedAt),
  channels: channels.map(({ id, peer, funding, capacity, standing }) => ({
    id: `ch_${id}`,
    peer,
    funding: outpointKey(funding),
    capacitySat: capacity.toString(),
    standing,
  })),
  missing: missing.map((id) => `ch_${id}`),
});

export const backupRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/backup",
    summary: "The newest static backup of all channels, to be kept elsewhere",
    scope: "channels:read",
    response: backupShape,
    handler: ({ commands }) => {
      const { changedAt, ...backup } = commands.backup();
      return ok({ status: 200, body: { ...backup, changedAt: time(changedAt) } });
    },
  }),
  route({
    method: "post",
    path: "/v1/backup/verify",
    summary: "Whether a file is a backup of this node's words, what is in it, and which channels it lacks",
    scope: "channels:read",
    bodyBytes: BODY_BYTES_MAX,
    body: z.strictObject({ text: z.string().max(TEXT_CHARS_MAX, `must have at most ${TEXT_CHARS_MAX} characters`) }),
    example: { text: "sluice-backup-1:AAAA" },
    response: backupCheckShape,
    handler({ commands, body: { text } }) {
      const checked = commands.verifyBackup(text);
      return checked.ok ? ok({ status: 200, body: checkJson(checked.value) }) : err(faultOfCommand(checked.error));
    },
  }),
];
