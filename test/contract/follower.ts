import { expect } from "chai";
import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import type { BlockRef, ChainEvent } from "../../src/ports/chain-source.ts";

/** A world in which a chain source lives, as far as the contract needs to move it. */
export interface SourceWorld {
  /** The source after its node was started (again). */
  open(): BaseNode | Promise<BaseNode>;
  /** Replaces the last `depth` blocks by one more, without their transactions. */
  reorganise(depth: number): void | Promise<void>;
  /** Until nothing is under way any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** One line an event: what the contract compares. */
export function line(event: ChainEvent): string {
  switch (event.tag) {
    case "BlockConnected":
      return `+${event.block.height}`;
    case "BlockDisconnected":
      return `-${event.block.height}`;
    case "OutpointSpent":
      return `spent ${event.by.block.height}:${event.by.index}`;
    case "ScriptPaid":
      return `paid ${event.by.block.height}:${event.by.index}:${event.vout}`;
    case "SpendSeen":
      return seen(event.outpoint, event.tx);
  }
}
export const seen = (outpoint: Outpoint, tx: Tx): string => `seen ${outpointKey(outpoint)} in ${txidOf(tx)}`;

/** Follows events as the law says, and fails where they break it. */
export class Follower {
  readonly lines: string[] = [];
  readonly events: ChainEvent[] = [];
  readonly #chain: BlockRef[];
  constructor(chain: readonly BlockRef[]) {
    this.#chain = [...chain];
  }
  get tip(): BlockRef {
    return present(this.#chain.at(-1), "a chain begins somewhere");
  }
  readonly take = (events: readonly ChainEvent[]): void => {
    for (const event of events) {
      this.lines.push(line(event));
      this.events.push(event);
      if (event.tag === "BlockConnected") {
        expect(event.previous, "each block stands on the one told before").to.equal(this.tip.hash);
        expect(event.block.height).to.equal(this.tip.height + 1);
        this.#chain.push(event.block);
      } else if (event.tag === "BlockDisconnected") {
        expect(event.block, "the newest block goes first").to.deep.equal(this.tip);
        this.#chain.pop();
      }
    }
  };
  /** The lines since the last call. */
  news(): readonly string[] {
    return this.lines.splice(0);
  }
  get chain(): readonly BlockRef[] {
    return this.#chain;
  }
}
