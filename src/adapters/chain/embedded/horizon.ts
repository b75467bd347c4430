import type { Chain } from "../../../chain/chain.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import type { Clock } from "../../../ports/world.ts";
import type { ChainFiles } from "./storage.ts";

/** Policy, not protocol. */
const FAR_BEHIND_BLOCKS = 144;
const SETTLE_TOGETHER_MS = 5_000;

interface HorizonOptions {
  readonly chain: Chain;
  /** Where it begins. */
  readonly at: HeaderNode;
  readonly files: Pick<ChainFiles, "settled">;
  readonly clock: Clock;
  /** What it gives is waited for before it moves again. */
  readonly onMoved: () => Promise<void> | undefined;
}
/** The best block on stable storage: listeners never hear of a later one. */
export class Horizon {
  #at: HeaderNode;
  #settling: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;
  readonly #options: HorizonOptions;

  constructor(options: HorizonOptions) {
    this.#options = options;
    this.#at = options.at;
  }
  get at(): HeaderNode {
    return this.#at;
  }
  /** Blocks that come one after the other, far below the best header, are settled together: most of their coins are soon spent. */
  settleSoon(): void {
    if (!this.#isFarBehind()) void this.#begin();
    else this.#cancel ??= this.#options.clock.after(SETTLE_TOGETHER_MS, () => void this.#begin());
  }
  #isFarBehind(): boolean {
    const { index, tip } = this.#options.chain;
    return index.bestHeader.height - tip.height > FAR_BEHIND_BLOCKS;
  }
  /** Moves it up to the tip. */
  async settle(): Promise<void> {
    do await this.#begin();
    while (this.#at !== this.#options.chain.tip && !this.#stopped);
  }
  #begin(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#settling ??= this.#settleAll().then(() => {
      this.#settling = undefined;
      if (this.#at !== this.#options.chain.tip && !this.#stopped) this.settleSoon();
    });
    return this.#settling;
  }
  async #settleAll(): Promise<void> {
    const { chain, files, onMoved } = this.#options;
    while (this.#at !== chain.tip) {
      const { tip } = chain;
      await files.settled();
      this.#at = tip;
      await onMoved();
      if (this.#isFarBehind()) return;
    }
  }
  /** Resolves when nothing is on its way to the disk. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#settling;
  }
}
