import { AT_TEXT, CHANNEL, OTHER, TXID } from "../fake-node.ts";
import type { RouteCase } from "./case.ts";

/** The backup of all channels, and what one says. */
export const BACKUP_CASES: readonly RouteCase[] = [
  {
    route: "get /v1/backup",
    ask: "GET /v1/backup",
    status: 200,
    answer: { text: "sluice-backup-1:AAAA\n", changedAt: AT_TEXT, channels: 2 },
  },
  {
    route: "post /v1/backup/verify",
    ask: "POST /v1/backup/verify",
    body: { text: "sluice-backup-1:AAAA" },
    calls: [["verifyBackup", "sluice-backup-1:AAAA"]],
    status: 200,
    answer: {
      network: "regtest",
      changedAt: AT_TEXT,
      isComplete: false,
      channels: [{ id: `ch_${CHANNEL}`, peer: OTHER, funding: `${TXID}:1`, capacitySat: "1000000", standing: "open" }],
      missing: [`ch_${"d3".repeat(32)}`],
    },
    malformed: [
      [{ text: undefined }, "/text"],
      [{ text: "a".repeat(8_000_001) }, "/text"],
    ],
  },
];
