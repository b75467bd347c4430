import { type ChannelState, closeAwaited } from "../../../channels/index.ts";
import type { ChannelId } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import { refine, struct } from "../../codec/codec.ts";
import { height, u8 } from "../../codec/primitives.ts";
import type { Store } from "../../ports/store.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

const VERSION = 1;
const record = refine(
  "awaited_close",
  struct({ version: u8, since: height }),
  ({ version, since }) => (version === VERSION ? since : undefined),
  (since) => ({ version: VERSION, since }),
);
/** Of each channel that is to be closed by agreement: from which height on its peer has been waited for. */
export type AwaitedCloses = RecordTable<BlockHeight>;
export const awaitedCloses = (store: Store): AwaitedCloses => recordTable(store, KEY.awaitedCloses, record);

/** Written with the state that changes it: a peer gets no more time by what ends a connection, or this process. */
export function noteAwaited(
  table: AwaitedCloses,
  turn: Turn,
  id: ChannelId,
  {
    height: now,
    before,
    next,
  }: { readonly height: BlockHeight; readonly before: ChannelState; readonly next: ChannelState },
): void {
  if (!isEnding(before) && !isEnding(next)) return;
  const known = table.get(id);
  const since = closeAwaited(now, next, known);
  if (since !== known) table.put(turn, id, since);
}
const isEnding = ({ tag }: ChannelState): boolean => tag === "ShuttingDown" || tag === "Negotiating";

/** The height for `CloseAwaited`; of a channel that a version before this one began to close it counts from now on. */
export function awaitedSince(
  table: AwaitedCloses,
  turn: Turn,
  id: ChannelId,
  { height: now, state }: { readonly height: BlockHeight; readonly state: ChannelState },
): BlockHeight | undefined {
  if (!isEnding(state)) return undefined;
  noteAwaited(table, turn, id, { height: now, before: state, next: state });
  return table.get(id);
}
