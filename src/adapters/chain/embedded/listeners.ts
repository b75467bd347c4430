import { type BrainChange, emptyJournal, type Journal, takeChanges } from "../../../chain/journal.ts";

export type ChangeListener = (changes: readonly BrainChange[]) => void;

/** Those who hear that the tip is another one, and those who hear of each change of chain and mempool. */
export class Listeners {
  readonly #journals: Set<Journal>;
  readonly #ofTip = new Set<() => void>();
  readonly #ofChanges = new Map<Journal, ChangeListener>();

  /** @param journals  of the brain that changes */
  constructor(journals: Set<Journal>) {
    this.#journals = journals;
  }
  /** The answer ends it. */
  addOfTip(listener: () => void): () => void {
    this.#ofTip.add(listener);
    return () => void this.#ofTip.delete(listener);
  }
  addOfChanges(listener: ChangeListener): () => void {
    const journal = emptyJournal();
    this.#journals.add(journal);
    this.#ofChanges.set(journal, listener);
    return () => {
      this.#journals.delete(journal);
      this.#ofChanges.delete(journal);
    };
  }
  tipChanged(): void {
    for (const listener of this.#ofTip) listener();
  }
  /** Something may have changed. */
  stepped(): void {
    for (const [journal, listener] of this.#ofChanges) {
      const changes = takeChanges(journal);
      if (changes.length > 0) listener(changes);
    }
  }
}
