/** Policy, not protocol. */
const LINES_MAX = 20;
const MS_PER_LINE = 1000;

/** Lets through as many lines as an operator can read: strangers must not fill a disk by what is said of them. */
export class LogBudget {
  #lines = LINES_MAX;
  #since = 0;
  #kept = 0;

  /**
   * Whether one more line may be written; then how many were not since the last one.
   * @param now  in milliseconds
   */
  take(now: number): { readonly untold: number } | undefined {
    const earned = Math.floor(Math.max(0, now - this.#since) / MS_PER_LINE);
    if (earned > 0) {
      this.#lines = Math.min(LINES_MAX, this.#lines + earned);
      this.#since = now;
    }
    if (this.#lines === 0) {
      this.#kept++;
      return undefined;
    }
    this.#lines--;
    const untold = this.#kept;
    this.#kept = 0;
    return { untold };
  }
}
