import { ANSWER_LANE } from "../context.ts";
import type { Turn } from "../turn.ts";
import type { ChannelEntry } from "./table.ts";

/** Tells whoever asked for the opening or closing how it went. */
export function answer(turn: Turn, entry: ChannelEntry, refusal?: string): void {
  const asked = entry.asked;
  if (asked === undefined) return;
  entry.asked = undefined;
  turn.afterwards(ANSWER_LANE, () =>
    asked(refusal === undefined ? { tag: "done" } : { tag: "refused", detail: refusal }),
  );
}
