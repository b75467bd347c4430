import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { ScriptVerifier } from "../../../chain/ahead.ts";
import type { BlockFault } from "../../../chain/faults.ts";
import { type BlockScripts, blockFaultOf, type ScriptFault, verifyScripts } from "../../../chain/scripts.ts";
import { startThread } from "../../worker-thread.ts";
import {
  type BatchAnswer,
  type BatchRequest,
  earlier,
  type PackedScripts,
  packScripts,
  takeNoMore,
} from "./script-batch.ts";

/** What came of a block's scripts; nothing when they were given up. */
export type Verdict = { readonly tag: "Judged"; readonly fault: BlockFault | undefined } | { readonly tag: "GivenUp" };

interface Job {
  readonly id: number;
  readonly scripts: BlockScripts;
  readonly packed: PackedScripts;
  /** Threads that have not answered. */
  open: number;
  fault: ScriptFault | undefined;
  readonly verdict: Promise<Verdict>;
  readonly resolve: (verdict: Verdict) => void;
}

/**
 * Verifies the scripts of one block at a time on all cores. What threads share is packed before they begin and never changed,
 * and each answers with a value. An answer that belongs to no job any more is dropped (CVE-2024-52911). The fault told is the
 * first in the block, however the threads ran.
 */
export class ScriptThreads implements ScriptVerifier {
  readonly #count: number;
  readonly #startOne: () => Worker;
  #threads: Worker[] = [];
  /** The last that was begun. */
  #job: Job | undefined;
  #isOver = true;
  #next = 0;
  #closed = false;

  /** @param startOne  starts a thread that answers each `BatchRequest` */
  constructor(count = availableParallelism(), startOne = () => startThread(import.meta.url, "script-worker")) {
    this.#count = count;
    this.#startOne = startOne;
  }

  /**
   * What comes of these scripts, which are begun with if they were not already; those of another block that were not done are
   * given up.
   */
  verify(scripts: BlockScripts): Promise<Verdict> {
    if (this.#job?.scripts === scripts) return this.#job.verdict;
    this.giveUp();
    if (this.#closed) return Promise.resolve({ tag: "GivenUp" });
    while (this.#threads.length < this.#count) this.#threads.push(this.#start());
    const { promise: verdict, resolve } = withResolver<Verdict>();
    const packed = packScripts(scripts);
    this.#job = { id: this.#next++, scripts, packed, open: this.#threads.length, fault: undefined, verdict, resolve };
    this.#isOver = false;
    for (const worker of this.#threads) {
      worker.ref();
      worker.postMessage({ id: this.#job.id, scripts: packed } satisfies BatchRequest);
    }
    return verdict;
  }
  begin(scripts: BlockScripts): void {
    void this.verify(scripts);
  }
  giveUp(): void {
    this.#end({ tag: "GivenUp" });
    this.#job = undefined;
  }
  async close(): Promise<void> {
    this.#closed = true;
    this.giveUp();
    await this.#terminate();
  }

  #start(): Worker {
    const worker = this.#startOne();
    worker.on("message", (answer: BatchAnswer) => this.#answered(answer));
    worker.on("error", () => this.#failed(worker));
    return worker;
  }
  #answered({ id, fault }: BatchAnswer): void {
    const job = this.#job;
    if (job?.id !== id || this.#isOver) return;
    job.open--;
    job.fault = earlier(job.fault, fault);
    if (job.open === 0) this.#end({ tag: "Judged", fault: job.fault && blockFaultOf(job.fault) });
  }
  #end(verdict: Verdict): void {
    if (this.#job === undefined || this.#isOver) return;
    this.#isOver = true;
    takeNoMore(this.#job.packed);
    for (const worker of this.#threads) worker.unref();
    this.#job.resolve(verdict);
  }

  /** A thread has died of something that is no fault of a script: the block is judged here, and the next one by new threads. */
  #failed(worker: Worker): void {
    if (!this.#threads.includes(worker)) return;
    void this.#terminate();
    if (this.#job !== undefined && !this.#isOver) this.#end({ tag: "Judged", fault: verifyScripts(this.#job.scripts) });
  }
  async #terminate(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((worker) => worker.terminate()));
  }
}

function withResolver<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
