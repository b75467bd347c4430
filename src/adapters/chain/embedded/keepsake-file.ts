import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeBrain } from "../../../chain/brain.ts";
import { keepsakeOf, recall } from "../../../chain/keepsake.ts";
import type { Log } from "../../../ports/log.ts";
import { writeDurably } from "../../documents.ts";

const FILE = "waiting.json";

/** What waited in the mempool and what is known of fees, from one orderly stop to the next start. */
export interface KeepsakeFile {
  /** Never rejects: whoever stops can do nothing about it, and peers and wallets will say it again. */
  keep(): Promise<void>;
}
/** Gives an empty mempool what the file in `folder` holds, if there is one. */
export function openKeepsake(folder: string, brain: NodeBrain, log: Log): KeepsakeFile {
  const path = join(folder, FILE);
  if (existsSync(path)) recall(brain, readFileSync(path, "utf8"));
  return {
    keep: () =>
      writeDurably(path, keepsakeOf(brain)).catch((error: unknown) =>
        log.warn("the mempool is not kept", { error: String(error) }),
      ),
  };
}
