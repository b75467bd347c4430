import type { NodeContext } from "../context.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

/** Below it are the indexes of a store that alone has used its words: nobody opens so many channels in one life. */
const SECOND_LIFE_MIN = 2 ** 24;
/** They have 32 bits in every record. */
const INDEXES = 2 ** 32;
const NOTHING = new Uint8Array(0);

/**
 * By which index the keys of each channel are derived. None is used twice: a peer that has had a channel with the same keys
 * knows secrets of the new one, and could take all that is in it.
 */
export class KeyIndexes {
  readonly #random: NodeContext["random"];
  #next = 0;
  #hasSkipped = false;

  constructor({ store, random }: Pick<NodeContext, "store" | "random">) {
    this.#random = random;
    for (const { key } of store.range(KEY.channelKeysAll, { reverse: true, limit: 1 }))
      this.#next = Number(key.slice(KEY.channelKeysAll.length)) + 1;
  }
  /** Durable before the first key of it is shown. */
  take(turn: Pick<Turn, "put">): number {
    const index = this.#next++;
    turn.put(KEY.channelKeys(index), NOTHING);
    // The highest says it of all below: an opening that comes to nothing leaves nothing behind.
    if (index > 0) turn.put(KEY.channelKeys(index - 1), undefined);
    return index;
  }
  /**
   * For a store that has learnt of another life of its words, whose indexes it does not know: it goes on from one that is
   * drawn by chance. Once in a run, however many say so.
   */
  skip(turn: Pick<Turn, "put">): void {
    if (this.#hasSkipped) return;
    this.#hasSkipped = true;
    const from = Math.max(this.#next, SECOND_LIFE_MIN);
    // A quarter of what is left, so that there is always something left.
    const drawn = new DataView(this.#random.bytes(4).slice().buffer).getUint32(0) % Math.floor((INDEXES - from) / 4);
    if (this.#next > 0) turn.put(KEY.channelKeys(this.#next - 1), undefined);
    this.#next = from + drawn + 1;
    turn.put(KEY.channelKeys(this.#next - 1), NOTHING);
  }
  /** Whether this store has ever learnt of another life of its words. */
  get areOfSecondLife(): boolean {
    return this.#next > SECOND_LIFE_MIN;
  }
}
