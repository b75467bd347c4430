import type { NodeContext } from "../context.ts";

/** A block every so many seconds, as long as the daemon runs and nobody says otherwise. */
export interface SteadyMining {
  readonly everySeconds: number;
}
export interface SteadyMinerRequest extends SteadyMining {
  /** Who gets the rewards. */
  readonly script: Uint8Array;
}

interface Run {
  readonly request: SteadyMinerRequest;
  cancel: () => void;
}

/** Mines at a steady pace, for demonstrations on play money. What it does is not kept: a restart finds it at rest. */
export class SteadyMiner {
  readonly #ctx: Pick<NodeContext, "chain" | "clock" | "log">;
  #running: Run | undefined;

  constructor(ctx: Pick<NodeContext, "chain" | "clock" | "log">) {
    this.#ctx = ctx;
  }
  get mining(): SteadyMining | undefined {
    const { everySeconds } = this.#running?.request ?? {};
    return everySeconds === undefined ? undefined : { everySeconds };
  }
  /** Begins, in place of what was going on before: the first block comes after the first interval. */
  start(request: SteadyMinerRequest): SteadyMining {
    this.stop();
    this.#running = { request, cancel: () => undefined };
    this.#next(this.#running, request.everySeconds * 1000);
    return { everySeconds: request.everySeconds };
  }
  stop(): void {
    this.#running?.cancel();
    this.#running = undefined;
  }

  #next(run: Run, delayMs: number): void {
    run.cancel = this.#ctx.clock.after(delayMs, () => void this.#mine(run));
  }
  /** One block after the other: a search that takes longer than the interval holds up the next, and is not added to. */
  async #mine(run: Run): Promise<void> {
    const { chain, clock, log } = this.#ctx;
    const { everySeconds, script } = run.request;
    const began = clock.now();
    const failed = (reason: string): void => log.warn("no block was mined", { reason });
    await chain.mine(1, script).then(
      (mined) => (mined.ok ? undefined : failed(mined.error.code)),
      (error: unknown) => failed(String(error)),
    );
    if (this.#running === run) this.#next(run, Math.max(everySeconds * 1000 - (clock.now() - began), 0));
  }
}
