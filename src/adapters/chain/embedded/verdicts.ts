import type { WaitingBlock } from "../../../chain/chain.ts";
import { onVerdict } from "../../../chain/sync/blocks.ts";
import type { Sync, SyncEffect } from "../../../chain/sync/peer.ts";
import type { Clock } from "../../../ports/world.ts";
import { ScriptThreads } from "./script-threads.ts";

/**
 * So few are verified sooner than a thread could be asked, and blocks whose transactions were in the mempool have none left.
 * Policy, not protocol.
 */
const INPUTS_AT_ONCE = 64;

export interface VerdictsOptions {
  readonly sync: Sync;
  readonly clock: Clock;
  readonly perform: (effects: readonly SyncEffect[]) => void;
  readonly threads?: ScriptThreads;
}

/** Brings the chain the verdict on each block that waits for one, from threads, while the node stays awake. */
export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #threads: ScriptThreads;
  #current: WaitingBlock | undefined;
  #stopped = false;

  constructor(options: VerdictsOptions) {
    this.#options = options;
    this.#threads = options.threads ?? new ScriptThreads();
    const { chain } = options.sync.brain;
    chain.inputsAtOnce = INPUTS_AT_ONCE;
    chain.verifier = this.#threads;
  }

  /** Asked for the same block again, it goes on; asked for another one, it gives the first up. */
  verify(waiting: WaitingBlock): void {
    if (this.#current === waiting || this.#stopped) return;
    this.#current = waiting;
    void this.#judge(waiting);
  }
  async #judge(waiting: WaitingBlock): Promise<void> {
    const verdict = await this.#threads.verify(waiting.connected.scripts);
    if (this.#current === waiting) this.#current = undefined;
    if (this.#stopped || verdict.tag === "GivenUp") return;
    const { sync, clock, perform } = this.#options;
    perform(onVerdict(sync, waiting, verdict.fault, clock.now()));
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#threads.close();
  }
}
