import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { BlockFault } from "../../../chain/faults.ts";
import { type BlockScripts, blockFaultOf, type ScriptFault, verifyScripts } from "../../../chain/scripts.ts";
import { type BatchAnswer, type BatchRequest, batchesOf, earlier } from "./script-batch.ts";
import { startThread } from "./worker-thread.ts";

/** What came of a block's scripts; nothing when they were given up. */
export type Verdict = { readonly tag: "Judged"; readonly fault: BlockFault | undefined } | { readonly tag: "GivenUp" };

/** Of one thread, so that it has the next when it has done one. Policy, not protocol. */
const BATCHES_IN_FLIGHT = 2;

interface Job {
  readonly scripts: BlockScripts;
  readonly batches: Iterator<Uint8Array, void>;
  /** Sent and not answered. */
  readonly open: Set<number>;
  fault: ScriptFault | undefined;
  /** Nothing more has to be sent: all is, or there is a fault, before which all was sent already. */
  sent: boolean;
  readonly resolve: (verdict: Verdict) => void;
}
interface Thread {
  readonly worker: Worker;
  inFlight: number;
}

/**
 * Verifies the scripts of one block at a time on all cores. Threads share no memory: each has bytes of its own and answers with
 * a value. An answer that belongs to no job any more is dropped (CVE-2024-52911). The fault told is the first in the block,
 * however the threads ran.
 */
export class ScriptThreads {
  readonly #count: number;
  #threads: Thread[] = [];
  #job: Job | undefined;
  #next = 0;
  #closed = false;

  constructor(count = availableParallelism()) {
    this.#count = count;
  }

  /** Begins with these scripts; those of another block that were not done are given up. */
  verify(scripts: BlockScripts): Promise<Verdict> {
    this.giveUp();
    return new Promise((resolve) => {
      if (this.#closed) return resolve({ tag: "GivenUp" });
      const batches = batchesOf(scripts);
      this.#job = { scripts, batches, open: new Set(), fault: undefined, sent: false, resolve };
      while (this.#threads.length < this.#count) this.#threads.push(this.#start());
      for (const { worker } of this.#threads) worker.ref();
      this.#send();
    });
  }
  giveUp(): void {
    this.#end({ tag: "GivenUp" });
  }
  async close(): Promise<void> {
    this.#closed = true;
    this.giveUp();
    await this.#terminate();
  }

  #start(): Thread {
    const thread: Thread = { worker: startThread("script-worker"), inFlight: 0 };
    thread.worker.on("message", (answer: BatchAnswer) => {
      thread.inFlight--;
      this.#answered(answer);
    });
    thread.worker.on("error", () => this.#failed(thread));
    return thread;
  }

  #send(): void {
    const job = this.#job;
    if (job === undefined) return;
    for (let depth = 0; depth < BATCHES_IN_FLIGHT; depth++) {
      for (const thread of this.#threads) {
        if (job.sent || thread.inFlight > depth) continue;
        const batch = job.batches.next();
        if (batch.done === true) job.sent = true;
        else {
          const request: BatchRequest = { id: this.#next++, bytes: batch.value };
          job.open.add(request.id);
          thread.inFlight++;
          thread.worker.postMessage(request, [batch.value.buffer as ArrayBuffer]);
        }
      }
    }
    if (job.sent && job.open.size === 0)
      this.#end({ tag: "Judged", fault: job.fault === undefined ? undefined : blockFaultOf(job.fault) });
  }
  #answered({ id, fault }: BatchAnswer): void {
    const job = this.#job;
    if (job?.open.delete(id)) {
      job.fault = earlier(job.fault, fault);
      job.sent ||= fault !== undefined;
    }
    this.#send();
  }
  #end(verdict: Verdict): void {
    const job = this.#job;
    this.#job = undefined;
    for (const { worker } of this.#threads) worker.unref();
    job?.resolve(verdict);
  }

  /** A thread has died of something that is no fault of a script: the block is judged here, and the next one by new threads. */
  #failed(thread: Thread): void {
    if (!this.#threads.includes(thread)) return;
    void this.#terminate();
    const scripts = this.#job?.scripts;
    if (scripts !== undefined) this.#end({ tag: "Judged", fault: verifyScripts(scripts) });
  }
  async #terminate(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}
