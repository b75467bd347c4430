import type { NodeEvent } from "./answers.ts";
import type { Session } from "./command.ts";
import { CliFault, EXIT } from "./exit.ts";
import { follow } from "./follow.ts";
import { StatusLine } from "./status-line.ts";
import { type SyncDisplay, stepOf, syncLine, syncRecords } from "./sync-display.ts";
import type { Screen } from "./terminal.ts";

/** Events tell of the way. Of what is over within a second they do not, so the daemon is asked as well. */
const ASK_MS = 2_000;

/** Shows how the daemon comes into step with the chain, until it is, or until Ctrl-C. */
export async function followSync({ client, terminal, asJson }: Session): Promise<void> {
  const node = await client();
  const display = displayOn(terminal.out, asJson);
  const over = new AbortController();
  const ended = AbortSignal.any([terminal.interruption(), over.signal]);
  const pause = pauses(ended);
  const look = async (): Promise<boolean> => {
    const { phase: stage, done, total } = (await node.info()).syncState;
    display.show({ stage, done, total });
    return stage === "synced";
  };
  let followed: Promise<unknown> = Promise.resolve();
  let isSynced = false;
  try {
    isSynced = await look();
    if (!isSynced) {
      const tell = ({ type, data }: NodeEvent): void => {
        if (type === "node.synced") pause.end();
        else if (!ended.aborted) display.show(stepOf(type, data));
      };
      followed = follow(node, ended, { types: ["node.sync_progress", "node.synced"], tell }).catch((error: unknown) => {
        over.abort();
        return error;
      });
    }
    while (!isSynced && !ended.aborted) {
      await pause.begin();
      if (!ended.aborted) isSynced = await look();
    }
  } finally {
    over.abort();
    display.end();
  }
  const fault = await followed;
  if (!isSynced) throw fault ?? new CliFault(EXIT.notSynced, "The node is still catching up with the chain.");
}

function displayOn(out: Screen, asJson: boolean): SyncDisplay {
  const now = (): number => performance.now();
  if (asJson) return syncRecords((step) => out.write(`${JSON.stringify(step)}\n`), now);
  return syncLine(new StatusLine(out), now);
}

/** Waiting that ends after a while, or at once when there is news or nothing more to wait for. */
function pauses(ended: AbortSignal): { readonly begin: () => Promise<void>; readonly end: () => void } {
  let wake = (): void => undefined;
  ended.addEventListener("abort", () => wake());
  return {
    begin: () =>
      new Promise((resolve) => {
        if (ended.aborted) return resolve();
        const timer = setTimeout(resolve, ASK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => wake(),
  };
}
