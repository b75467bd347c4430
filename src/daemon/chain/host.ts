import { type BlockHeight, blockHeight } from "../../base/units.ts";
import { decode, encode, struct } from "../../codec/codec.ts";
import { blockHashCodec, height as heightCodec, u8 } from "../../codec/primitives.ts";
import type { BlockRef, ChainEvent, Deliver } from "../../ports/chain-source.ts";
import { type Store, StoreCorrupt } from "../../ports/store.ts";
import { CHAIN_LANE, type NodeContext } from "../context.ts";
import type { Events } from "../events.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

/**
 * Takes what the chain did to everyone it concerns. All effects of one delivery and the cursor behind it are one group,
 * so after a crash the chain goes on from exactly what is in the store.
 */
export interface ChainHost {
  readonly start: () => void;
  /** Of the best block whose effects are stepped. */
  readonly height: () => BlockHeight;
  readonly cursor: () => BlockRef | undefined;
}
export type ChainListener = (turn: Turn, event: ChainEvent) => void;

const VERSION = 1;
const cursorRecord = struct({ version: u8, height: heightCodec, hash: blockHashCodec });

/** The block up to which every effect of the chain is in this store. */
export function loadCursor(store: Store): BlockRef | undefined {
  const value = store.get(KEY.cursor);
  if (value === undefined) return undefined;
  const decoded = decode(cursorRecord, value);
  if (!decoded.ok || decoded.value.version !== VERSION) throw new StoreCorrupt(KEY.cursor, "not a block");
  return { height: decoded.value.height, hash: decoded.value.hash };
}

/**
 * What was delivered is acknowledged once it is durable: only then may the source forget the blocks behind it.
 * A disconnection leaves the cursor where it was: after a crash in the middle of a reorganisation the source tells the
 * disconnections once more, which changes nothing. A spend that was only seen moves neither cursor nor height. Listeners
 * hear of each event in the order given here.
 */
export function createChainHost(ctx: NodeContext, listeners: readonly ChainListener[]): ChainHost {
  let cursor = loadCursor(ctx.store);
  let height = cursor?.height ?? blockHeight(0);
  const moveTo = (turn: Turn, block: BlockRef): void => {
    cursor = block;
    height = block.height;
    turn.put(KEY.cursor, encode(cursorRecord, { version: VERSION, height: block.height, hash: block.hash }));
  };
  const take = (turn: Turn, event: ChainEvent): void => {
    if (event.tag === "BlockConnected") moveTo(turn, event.block);
    else if (event.tag === "BlockDisconnected") height = blockHeight(Math.max(0, event.block.height - 1));
    for (const listener of listeners) listener(turn, event);
  };
  const deliver: Deliver = (events) =>
    new Promise((acknowledge) => {
      ctx.turns.run((turn) => {
        for (const event of events) take(turn, event);
        // Behind the watches that follow from these events: they are set by then.
        turn.afterwards(CHAIN_LANE, acknowledge);
      });
    });
  return {
    start: () => ctx.chain.start(cursor, deliver),
    height: () => height,
    cursor: () => cursor,
  };
}

/** Told and kept in no log: whoever was away asks for the chain. */
export function tellOfBlock(events: Events, turn: Turn, event: ChainEvent): void {
  if (event.tag !== "BlockConnected" && event.tag !== "BlockDisconnected") return;
  const { height, hash } = event.block;
  const type = event.tag === "BlockConnected" ? "chain.block_connected" : "chain.block_disconnected";
  events.tell(turn, type, { height, hash });
}
