import { equalBytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { BlockHeight, UnixMs } from "../../base/units.ts";
import { optional, struct } from "../../codec/codec.ts";
import { bytesOf, height, u16 } from "../../codec/primitives.ts";
import { versioned } from "../../payments/record-codecs.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import type { ChannelTable } from "../channel/table.ts";
import type { NodeContext } from "../context.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

/** For how long a blob is kept after the last channel with its owner is gone. BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
const KEPT_BLOCKS = 2_016;
/** How often one peer makes us write, at most; what it sends meanwhile waits, the newest of it. BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
const WRITE_MS = 60_000;

/** What one peer has us keep. */
interface Kept {
  readonly blob: Uint8Array;
  /** Since when there is no channel with it. */
  readonly emptySince: BlockHeight | undefined;
}
const keptRecord = versioned(1, struct({ blob: bytesOf(u16), emptySince: optional(height) }));

/**
 * Keeps one blob for each peer with which we have a channel with money in it, and gives it back on every connection. So
 * nobody can make us keep anything for free (RELIABILITY D27).
 */
export class PeerStorageHost {
  readonly #ctx: Pick<NodeContext, "store" | "turns" | "clock" | "log">;
  readonly #table: () => ChannelTable;
  readonly #say: (turn: Turn, peer: NodeId, blob: Uint8Array) => void;
  readonly #kept: RecordTable<Kept>;
  /** Since when there is no channel with those whose blobs we keep. */
  readonly #emptySince = new Map<NodeId, BlockHeight | undefined>();
  readonly #writtenAt = new Map<NodeId, UnixMs>();
  readonly #waiting = new Map<NodeId, Uint8Array>();

  constructor(
    ctx: Pick<NodeContext, "store" | "turns" | "clock" | "log">,
    table: () => ChannelTable,
    say: (turn: Turn, peer: NodeId, blob: Uint8Array) => void,
  ) {
    this.#ctx = ctx;
    this.#table = table;
    this.#say = say;
    this.#kept = recordTable(ctx.store, KEY.peerStorage, keptRecord);
    for (const { id, value } of this.#kept.list()) this.#emptySince.set(id as NodeId, value.emptySince);
  }

  peerConnected(turn: Turn, peer: NodeId): void {
    const blob = this.#waiting.get(peer) ?? this.#kept.get(peer)?.blob;
    if (blob !== undefined) this.#say(turn, peer, blob);
  }

  /** `peer_storage`: the latest takes the place of all before. */
  store(turn: Turn, peer: NodeId, blob: Uint8Array): void {
    if (!this.#table().hasFunded(peer)) {
      this.#ctx.log.debug("nothing is kept for a peer without a funded channel", { peer });
      return;
    }
    const isWaiting = this.#waiting.has(peer);
    this.#waiting.set(peer, blob);
    if (isWaiting) return;
    const waitMs = (this.#writtenAt.get(peer) ?? 0) + WRITE_MS - turn.now;
    if (waitMs <= 0) return this.#write(turn, peer);
    this.#ctx.clock.after(waitMs, () => this.#ctx.turns.run((later) => this.#write(later, peer)));
  }
  #write(turn: Turn, peer: NodeId): void {
    const blob = this.#waiting.get(peer);
    this.#waiting.delete(peer);
    const before = this.#kept.get(peer);
    if (blob === undefined || (before !== undefined && equalBytes(before.blob, blob))) return;
    this.#writtenAt.set(peer, turn.now);
    this.#put(turn, peer, { blob, emptySince: undefined });
  }
  #put(turn: Turn, peer: NodeId, kept: Kept): void {
    this.#kept.put(turn, peer, kept);
    this.#emptySince.set(peer, kept.emptySince);
  }

  chainEvent(turn: Turn, event: ChainEvent): void {
    if (event.tag !== "BlockConnected") return;
    for (const [peer, since] of this.#emptySince) this.#age(turn, peer, since, event.block.height);
  }
  #age(turn: Turn, peer: NodeId, since: BlockHeight | undefined, now: BlockHeight): void {
    const isOwed = this.#table().hasFunded(peer);
    if (!isOwed && since !== undefined && now - since >= KEPT_BLOCKS) {
      this.#kept.put(turn, peer, undefined);
      this.#emptySince.delete(peer);
      this.#writtenAt.delete(peer);
      return;
    }
    const emptySince = isOwed ? undefined : (since ?? now);
    const kept = emptySince === since ? undefined : this.#kept.get(peer);
    if (kept !== undefined) this.#put(turn, peer, { ...kept, emptySince });
  }
}
