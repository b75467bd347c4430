import { z } from "zod";
import type { BlockHash } from "../../../base/ids.ts";
import type { Log } from "../../../ports/log.ts";
import * as answers from "./answers.ts";
import { Core, METHOD_NOT_FOUND } from "./core.ts";
import { RpcClient, type RpcClientOptions } from "./rpc-client.ts";

/** How long the node may let us wait for a block before it answers. Policy, not protocol. */
const WAIT_MS = 25_000;
const SLACK_MS = 10_000;
/** After an answer that brought nothing, so that a node which answers at once is not asked all the time. */
const PAUSE_MS = 1_000;
/** Bitcoin Core's word for wrong arguments, among others. */
const MISC = -1;
const waited = z.object({ hash: answers.hash });

interface TipWaitOptions extends RpcClientOptions {
  readonly log: Log;
  /** The best block that was seen. */
  readonly seen: () => BlockHash;
  /** Another one is there. Resolves once it was looked at; the next question waits for that. */
  readonly changed: () => Promise<void>;
}

/**
 * Lets a Bitcoin Core say when its best block is another one (`waitfornewblock`), over a connection of its own. Nothing hangs on
 * it: whoever looks from time to time sees the same, later.
 */
export class TipWait {
  readonly #options: TipWaitOptions;
  readonly #client: RpcClient;
  #isHeard = false;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(options: TipWaitOptions) {
    this.#options = options;
    this.#client = new RpcClient({ ...options, timeoutMs: WAIT_MS + SLACK_MS });
    void this.#run();
  }
  /** Whether the node has answered the last time: a new block will be told of without looking. */
  isHeard(): boolean {
    return this.#isHeard;
  }
  stop(): void {
    this.#stopped = true;
    this.#client.close();
    this.#wake();
  }
  async #run(): Promise<void> {
    const { seen, changed, log } = this.#options;
    const core = new Core(this.#client);
    let takesTip = true;
    while (!this.#stopped) {
      const before = seen();
      const answer = await core.ask(waited, "waitfornewblock", WAIT_MS, ...(takesTip ? [before] : []));
      if (this.#stopped) return;
      this.#isHeard = answer.ok;
      const refused = !answer.ok && answer.error.tag === "Refused" ? answer.error.code : undefined;
      if (refused === METHOD_NOT_FOUND) {
        log.info("bitcoind.polled", { hint: "it has no waitfornewblock" });
        return;
      }
      if (answer.ok && answer.value.hash !== before) await changed();
      // Before Bitcoin Core 30 it takes one argument, and a block that comes between two questions is only seen by looking.
      if (refused === MISC && takesTip) takesTip = false;
      else if (seen() === before) await this.#pause();
    }
  }
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(PAUSE_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
