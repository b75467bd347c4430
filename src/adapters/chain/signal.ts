/** That something has changed, for whoever wants to hear it. */
export class Signal {
  readonly #all = new Set<() => void>();

  /** The answer ends it. */
  readonly add = (listener: () => void): (() => void) => {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  };
  tell(): void {
    for (const listener of this.#all) listener();
  }
}
