import type { BlockHeight } from "../../base/units.ts";
import { isPublicNetwork } from "../../chain/addresses/place.ts";
import type { BlockRef, ChainEvent } from "../../ports/chain-source.ts";
import type { NodeContext } from "../context.ts";

/** Blocks that the chain is known to have and that were not heard yet. Policy, not protocol. */
const UNHEARD_MAX = 3;
/** Two hours of Bitcoin's pace, in which no block comes once in some hundred thousand times. Policy, not protocol. */
const SPACINGS_MAX = 12;

/** Why no payment begins then, for a person. */
export const BEHIND = "This node has not caught up with the chain: what it offers now might be over already.";

/**
 * Whether HTLCs can be judged by the height that was heard last. After a start, or when a machine wakes, that is one of long
 * ago: an HTLC that is over looks then as if it had time, and whoever offers it gets the preimage, or has it passed on, and
 * takes the HTLC back at once. Where nobody mines for money a block of long ago means nothing, and what is known of the chain
 * has to say that it has gone on.
 */
export class InStep {
  readonly #ctx: Pick<NodeContext, "chain" | "clock" | "log" | "params">;
  readonly #height: () => BlockHeight;
  /** Of the block that was heard last, in Unix seconds. */
  #time: number | undefined;
  #told = false;

  constructor(ctx: Pick<NodeContext, "chain" | "clock" | "log" | "params">, height: () => BlockHeight) {
    this.#ctx = ctx;
    this.#height = height;
  }
  /** Asks for the time of the block that was heard before; undefined where no time is of interest. Never rejects. */
  start(cursor: BlockRef | undefined): Promise<void> | undefined {
    return cursor === undefined || !isPublicNetwork(this.#ctx.params.network) ? undefined : this.#ask(cursor);
  }
  async #ask({ hash }: BlockRef): Promise<void> {
    const { chain, log } = this.#ctx;
    try {
      const found = await chain.header(hash);
      if (found.ok) this.#time ??= found.value?.header.time;
    } catch (error) {
      log.warn("the block that was heard last could not be looked up", { hash, error: String(error) });
    }
  }
  chainEvent(event: ChainEvent): void {
    if (event.tag === "BlockConnected") this.#time = event.time;
  }
  /** Then nothing that comes in is taken or passed on, and nothing is offered. */
  isBehind(): boolean {
    const isBehind = this.#lacksBlocks() || this.#isOfLongAgo();
    if (isBehind && !this.#told)
      this.#ctx.log.warn("no HTLC is taken or offered until the chain is in step", this.#places());
    this.#told = isBehind;
    return isBehind;
  }
  #places() {
    return { height: this.#height(), tip: this.#ctx.chain.tip().height };
  }
  #lacksBlocks(): boolean {
    const { height, tip } = this.#places();
    return tip > height + UNHEARD_MAX;
  }
  #isOfLongAgo(): boolean {
    const { clock, params } = this.#ctx;
    if (!isPublicNetwork(params.network)) return false;
    return this.#time === undefined || clock.now() > (this.#time + SPACINGS_MAX * params.pace.spacingS) * 1_000;
  }
}
