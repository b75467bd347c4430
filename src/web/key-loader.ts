import type { KeyLoaderContext, Loader, LoaderCallbacks, LoaderConfiguration } from "hls.js";
import { LoadStats } from "hls.js/light";
import type { Problem } from "./answers.ts";
import { askKey, Refused } from "./api.ts";

/** Where keys come from and who hears of it. */
export interface KeyDesk {
  /** Of the running session; undefined when there is none, and then no key is asked for. */
  subscription(): string | undefined;
  /** A key is asked for; the answer is called once it is there or given up. */
  asked(unit: number): () => void;
  /** It was not given this time and is asked for again. Undefined: the daemon did not answer. */
  waits(problem: Problem | undefined): void;
  /** It will not be given: no other is asked for. */
  ended(problem: Problem): void;
}

const AGAIN_MS = 500;
/** Refusals that asking again cannot change, although one of them could be cured elsewhere. */
const isFinal = ({ code, retryable }: Problem): boolean => !retryable || code === "NEED_TOPUP";
/** The playlist names each key `k/<unit>` beside itself: src/daemon/hls. */
const unitOf = (url: string): string | undefined => /\/k\/(\d+)$/.exec(url)?.[1];

/**
 * How hls.js gets keys: from the viewer's own daemon, which pays for them. The player asks for a unit's key when its buffer
 * wants that unit and at no other time, so what is bought follows what is watched. A key that is held up is waited for and
 * never reported as an error: hls.js would give up after a few.
 */
export function keyLoaderAt(desk: KeyDesk): new () => Loader<KeyLoaderContext> {
  return class KeyLoader implements Loader<KeyLoaderContext> {
    context: KeyLoaderContext | null = null;
    readonly stats = new LoadStats();
    readonly #given = new AbortController();

    load(context: KeyLoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<KeyLoaderContext>): void {
      this.context = context;
      this.stats.loading.start = performance.now();
      void this.#fetch(context, callbacks);
    }
    abort(): void {
      this.stats.aborted = true;
      this.#given.abort();
    }
    destroy(): void {
      this.abort();
      this.context = null;
    }

    async #fetch(context: KeyLoaderContext, callbacks: LoaderCallbacks<KeyLoaderContext>): Promise<void> {
      const { signal } = this.#given;
      // After everyone who hears of the playlist, of which this may be the first key, has: it may be found wrong.
      await undefined;
      const unit = unitOf(context.url);
      const id = desk.subscription();
      if (unit === undefined || id === undefined) {
        return callbacks.onError({ code: 404, text: "no key of this session" }, context, null, this.stats);
      }
      const done = desk.asked(Number(unit));
      const key = await untilGiven(`/v1/subscriptions/${id}/keys/${unit}`, signal, desk);
      done();
      if (key === undefined) {
        if (signal.aborted) callbacks.onAbort?.(this.stats, context, null);
        return;
      }
      const { loading } = this.stats;
      loading.first = loading.end = performance.now();
      this.stats.loaded = this.stats.total = key.byteLength;
      callbacks.onSuccess({ url: context.url, data: key, code: 200 }, this.stats, context, null);
    }
  };
}

/** The key, however long it takes; undefined when it is no longer wanted or will not be given. */
async function untilGiven(path: string, signal: AbortSignal, desk: KeyDesk): Promise<ArrayBuffer | undefined> {
  while (!signal.aborted) {
    try {
      return await askKey(path, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = error instanceof Refused ? error.problem : undefined;
      if (problem !== undefined && isFinal(problem)) {
        desk.ended(problem);
        return undefined;
      }
      desk.waits(problem);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  return undefined;
}
