import type { NodeContext } from "../context.ts";

/** Why nothing is begun then, for a person. */
export const STALE_TIP =
  "No block has come for nearly an hour, as when somebody keeps them from this node: until one comes it offers no HTLC.";

/**
 * Tells the operator, in the log and by the event `node.stale_tip`, once each time that no block comes for so long that
 * somebody may be keeping them from us. What is under way is settled as always; nothing new is offered or passed on.
 */
export class StaleTip {
  readonly #ctx: Pick<NodeContext, "chain" | "events" | "log" | "turns">;
  #told: number | undefined;
  #unlisten: () => void = () => undefined;

  constructor(ctx: Pick<NodeContext, "chain" | "events" | "log" | "turns">) {
    this.#ctx = ctx;
  }
  start(): void {
    this.#unlisten = this.#ctx.chain.onProgress(() => this.#look());
    this.#look();
  }
  stop(): void {
    this.#unlisten();
  }

  #look(): void {
    const { chain, events, log, turns } = this.#ctx;
    const since = chain.staleSince();
    if (since === this.#told) return;
    this.#told = since;
    if (since === undefined) return;
    const { height, hash } = chain.tip();
    const data = { height, hash, since: new Date(since).toISOString() };
    log.error("chain.tip.stale", data);
    turns.run((turn) => events.record(turn, "node.stale_tip", data));
  }
}
