import { parseUtf8, utf8 } from "../base/bytes.ts";
import { present } from "../base/result.ts";
import { unixMs } from "../base/units.ts";
import { decode, encode, struct } from "../codec/codec.ts";
import { rest, u8, u64 } from "../codec/primitives.ts";
import type { Store } from "../ports/store.ts";
import { StoreCorrupt } from "../ports/store.ts";
import { KEY } from "./records.ts";
import type { Turn } from "./turn.ts";
import type { NodeEvent } from "./views.ts";

/** The event log: each event is written in the group of the change it tells of, and told after that group is durable. */
export interface Events {
  record(turn: Turn, type: string, data: NodeEvent["data"]): void;
  /** Told as `record` does and kept nowhere: for what is too frequent to keep and is counted elsewhere. */
  tell(turn: Turn, type: string, data: NodeEvent["data"]): void;
  /** Those that are durable: a number that a power cut took back would be given to another event. */
  after(seq: number, limit: number): readonly NodeEvent[];
  /** The answer unsubscribes. */
  listen(listener: (event: NodeEvent) => void): () => void;
}

const VERSION = 1;
const record = struct({ version: u8, created_at: u64, body: rest });

export function createEvents(store: Store): Events {
  const listeners = new Set<(event: NodeEvent) => void>();
  let newest = 0;
  for (const { key } of store.range(KEY.events, { reverse: true, limit: 1 })) newest = seqOf(key);
  let durable = newest;
  const announce = (turn: Turn, event: NodeEvent): void =>
    turn.afterwards("events", () => {
      durable = Math.max(durable, event.passing === true ? 0 : event.seq);
      for (const listener of listeners) listener(event);
    });
  return {
    record(turn, type, data) {
      const event: NodeEvent = { seq: ++newest, type, createdAt: turn.now, data };
      const body = utf8(JSON.stringify({ type, data }));
      turn.put(KEY.event(event.seq), encode(record, { version: VERSION, created_at: BigInt(turn.now), body }));
      announce(turn, event);
    },
    tell: (turn, type, data) => announce(turn, { seq: newest, type, createdAt: turn.now, data, passing: true }),
    after(seq, limit) {
      const found: NodeEvent[] = [];
      for (const entry of store.range(KEY.events, { after: KEY.event(seq), limit }))
        if (seqOf(entry.key) <= durable) found.push(read(entry));
      return found;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const seqOf = (key: string): number => Number(key.slice(KEY.events.length));

function read({ key, value }: { readonly key: string; readonly value: Uint8Array }): NodeEvent {
  const decoded = decode(record, value);
  if (!decoded.ok || decoded.value.version !== VERSION) throw new StoreCorrupt(key, "not an event");
  const body: unknown = JSON.parse(present(parseUtf8(decoded.value.body), "events are written as UTF-8"));
  const { type, data } = body as Pick<NodeEvent, "type" | "data">;
  return { seq: seqOf(key), type, createdAt: unixMs(Number(decoded.value.created_at)), data };
}
