import type { BlockHeight } from "../../base/units.ts";
import type { BaseNode, SyncProgress } from "../../ports/base-node.ts";
import type { NodeContext } from "../context.ts";

/** How far the node is with the chain. */
export interface SyncState {
  /** What comes now: what its Bitcoin node has yet to get, or `rescan`, of blocks that are there, what concerns this node. */
  readonly phase: SyncProgress["stage"] | "rescan" | "synced";
  readonly done: number;
  /** Of headers an estimate. */
  readonly total: number;
}
/** After how long something may be told again, and how long a node has to be behind before it is said: an ordinary block is no news of this kind. */
const TELL_MS = 1000;

/** @param followed  the height up to which this node has stepped the effects of the chain */
export function syncStateOf(chain: Pick<BaseNode, "progress" | "synced" | "tip">, followed: BlockHeight): SyncState {
  const progress = chain.progress();
  if (progress !== undefined) return { phase: progress.stage, done: progress.done, total: progress.total };
  const { height } = chain.tip();
  // Somebody else's node that is silent, or that says nothing but that it is not ready.
  if (!chain.synced()) return { phase: "blocks", done: height, total: height };
  if (followed !== height) return { phase: "rescan", done: Math.min(followed, height), total: height };
  return { phase: "synced", done: height, total: height };
}

/**
 * Tells how the node comes nearer to the tip: `node.sync_progress`, at most once a second, while that changes, kept in no
 * log; and `node.synced` once it is there. Of what is over within a second nothing is told.
 */
export class SyncTeller {
  readonly #ctx: Pick<NodeContext, "chain" | "clock" | "events" | "turns">;
  readonly #followed: () => BlockHeight;
  /** What was told last, while the node is behind. */
  #told: SyncState | undefined;
  /** Set while the next look is due. */
  #cancel: (() => void) | undefined;
  #unlisten: () => void = () => undefined;

  constructor(ctx: Pick<NodeContext, "chain" | "clock" | "events" | "turns">, followed: () => BlockHeight) {
    this.#ctx = ctx;
    this.#followed = followed;
  }
  start(): void {
    this.#unlisten = this.#ctx.chain.onProgress(() => this.#look());
    this.#look();
  }
  stop(): void {
    this.#unlisten();
    this.#cancel?.();
  }

  #state(): SyncState {
    return syncStateOf(this.#ctx.chain, this.#followed());
  }
  #look(): void {
    if (this.#cancel === undefined && this.#state().phase !== "synced") this.#tellLater();
  }
  #tellLater(): void {
    this.#cancel = this.#ctx.clock.after(TELL_MS, () => this.#tell());
  }
  #tell(): void {
    const { turns, events } = this.#ctx;
    const told = this.#told;
    const state = this.#state();
    const { phase: stage, done, total } = state;
    this.#cancel = undefined;
    if (stage === "synced") {
      this.#told = undefined;
      if (told !== undefined) turns.run((turn) => events.record(turn, "node.synced", { height: total }));
      return;
    }
    this.#told = state;
    this.#tellLater();
    if (told?.phase === stage && told.done === done && told.total === total) return;
    turns.run((turn) => events.tell(turn, "node.sync_progress", { stage, done, total }));
  }
}
