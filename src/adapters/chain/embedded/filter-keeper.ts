import type { Chain } from "../../../chain/chain.ts";
import { type FilterIndex, followFilters, openFilters } from "../../../chain/filters.ts";
import { forkOf } from "../../../chain/headers.ts";
import type { Clock } from "../../../ports/world.ts";
import { Refused } from "../../sentences.ts";
import type { FilterFiles } from "./filter-files.ts";

/** Blocks whose filters are made in one go: a few milliseconds for large ones. Policy, not protocol. */
const SLICE_BLOCKS = 8;

/**
 * Keeps a filter for every block of the best chain. What it falls behind, after a crash or when it is switched on late, it
 * makes up for in slices, between which the node attends to everything else.
 */
export class FilterKeeper {
  readonly index: FilterIndex;
  readonly #chain: Chain;
  readonly #files: FilterFiles;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(chain: Chain, files: FilterFiles, clock: Clock) {
    this.#chain = chain;
    this.#files = files;
    this.#clock = clock;
    this.index = openFilters(chain.index.tree, files, chain.tip);
    const next = this.index.tip === undefined ? 1 : forkOf(this.index.tip, chain.tip).height + 1;
    const prunedTo = chain.storage.prunedTo();
    if (next <= prunedTo) {
      throw new Refused(
        `Filters are to be made from block ${next} on, and blocks up to ${prunedTo} were pruned; ` +
          "start without filters, or move the chain's folder away and the chain will be fetched again.",
      );
    }
    this.follow();
  }
  /** The best chain is another one: its newest blocks get their filters before anybody is told of them. */
  follow(): void {
    if (this.#stopped || this.#cancel !== undefined) return;
    if (followFilters(this.index, this.#chain, SLICE_BLOCKS)) void this.#files.settled();
    else this.#cancel = this.#clock.after(0, () => this.#goOn());
  }
  #goOn(): void {
    this.#cancel = undefined;
    this.follow();
  }
  /** Resolves once all filters made so far are on stable storage. */
  settled(): Promise<void> {
    return this.#files.settled();
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#files.close();
  }
}
