import type { Clock } from "../../../ports/world.ts";

/** Looks at something again and again, one look at a time. */
export class Looks {
  readonly #clock: Clock;
  readonly #once: () => Promise<void>;
  readonly #pauseMs: () => number;
  #looking: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /** @param pauseMs  asked after each look: how long it is until the next one */
  constructor(clock: Clock, once: () => Promise<void>, pauseMs: () => number) {
    this.#clock = clock;
    this.#once = once;
    this.#pauseMs = pauseMs;
  }
  /** One look, or the one that is under way. */
  now(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#looking ??= this.#once().finally(() => {
      this.#looking = undefined;
      this.#after(this.#pauseMs());
    });
    return this.#looking;
  }
  /** A look on a later turn of the loop. */
  soon(): void {
    this.#after(0);
  }
  #after(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel?.();
    this.#cancel = this.#clock.after(delayMs, () => void this.now());
  }
  /** Resolves when no look is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#looking;
  }
}
