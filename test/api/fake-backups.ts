import type { ChannelId, NodeId } from "../../src/base/ids.ts";
import { ok } from "../../src/base/result.ts";
import { sat, unixMs } from "../../src/base/units.ts";
import { TXID } from "./fake-chain.ts";

const CHANGED = unixMs(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
/** The newest backup, and one that lacks a channel. */
export const backupReadings = () => ({
  backup: () => ({ text: "sluice-backup-1:AAAA\n", changedAt: CHANGED, channels: 2 }),
  verifyBackup: (_text: string) =>
    ok({
      network: "regtest",
      changedAt: CHANGED,
      isComplete: false,
      channels: [
        {
          id: "c3".repeat(32) as ChannelId,
          peer: `03${"b2".repeat(32)}` as NodeId,
          capacity: sat(1_000_000n),
          funding: { txid: TXID, vout: 1 },
          standing: "open" as const,
        },
      ],
      missing: ["d3".repeat(32) as ChannelId],
    }),
});
