import { type HashedBlock, hashBlock } from "../../../chain/hashed-block.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import type { Light } from "../../../chain/light/light.ts";
import type { Clock } from "../../../ports/world.ts";

/** Policy, not protocol: a question to peers that has no answer by then has none. */
const PATIENCE_MS = 90_000;
/** One who waits for a block. */
interface Waiting {
  readonly node: HeaderNode;
  readonly resolve: (block: HashedBlock) => void;
}

/** Blocks that somebody waits for, whatever their filters say. */
export class Fetches {
  readonly #light: Light;
  readonly #clock: Clock;
  readonly #ask: () => void;
  readonly #waiting = new Set<Waiting>();
  readonly #ends = new Set<(error: Error) => void>();

  /** @param ask  called when there is something to ask peers for */
  constructor(light: Light, clock: Clock, ask: () => void) {
    this.#light = light;
    this.#clock = clock;
    this.#ask = ask;
  }
  /** Rejects when no peer brings it in time. */
  async block(node: HeaderNode): Promise<HashedBlock> {
    const { params } = this.#light.sync.brain.chain;
    if (node.previous === undefined) return hashBlock(params.genesis);
    const held = this.#light.blocks.get(node.hash);
    if (held !== undefined) return held;
    let waiting: Waiting | undefined;
    try {
      return await this.within((resolve) => {
        waiting = { node, resolve };
        this.#waiting.add(waiting);
        this.#light.wanted.add(node);
        this.#ask();
      });
    } finally {
      if (waiting !== undefined) this.#waiting.delete(waiting);
      if (![...this.#waiting].some((other) => other.node === node)) this.#light.wanted.delete(node);
    }
  }
  /** Something has come. */
  look(): void {
    for (const { node, resolve } of this.#waiting) {
      const block = this.#light.blocks.get(node.hash);
      if (block !== undefined) resolve(block);
    }
  }
  /** Rejects after a while, and when we stop. */
  within<T>(begin: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (error: Error): void => {
        cancel();
        this.#ends.delete(end);
        reject(error);
      };
      const cancel = this.#clock.after(PATIENCE_MS, () => end(new Error("no peer answers")));
      this.#ends.add(end);
      begin((value) => {
        cancel();
        this.#ends.delete(end);
        resolve(value);
      });
    });
  }
  stop(): void {
    for (const end of this.#ends) end(new Error("the node is stopped"));
  }
}
