import type { LoaderResponse, RetryConfig } from "hls.js";
import Hls, { Events } from "hls.js/light";
import { type KeyDesk, keyLoaderAt } from "./key-loader.ts";

export interface PlayerOptions {
  readonly video: HTMLVideoElement;
  readonly playlist: string;
  readonly keys: KeyDesk;
  /** The most that may be paid for and not yet watched. */
  readonly windowSeconds: number;
  readonly unitSeconds: number;
  /** A file of the site did not come, or came again. */
  readonly onSite: (reached: boolean) => void;
  /** Playing cannot go on. */
  readonly onBroken: (detail: string) => void;
}
export interface Player {
  /** Loads and, with keys, buys from here on: as far ahead as the window allows. */
  start(atSeconds: number): void;
  close(): void;
}

const AGAIN_MS = 500;
/** The loader's own: it takes no reply (status 0) for hopeless and gives up. A site that is away comes back. */
const patient: RetryConfig = {
  maxNumRetry: Number.MAX_SAFE_INTEGER,
  retryDelayMs: AGAIN_MS,
  maxRetryDelayMs: AGAIN_MS,
  backoff: "linear",
  shouldRetry: (_config, _count, isTimeout, response) => isTimeout || mayComeBack(response),
};
const mayComeBack = (response: LoaderResponse | undefined): boolean => {
  const status = response?.code;
  return status !== undefined && (status === 0 || status === 429 || status >= 500);
};
const policy = {
  default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 60_000, timeoutRetry: patient, errorRetry: patient },
};

/**
 * hls.js, set so that its buffer is the window: it loads the next unit only while less than the window is ahead, and asks
 * for that unit's key first. Pausing fills the buffer and then nothing is asked for, so nothing is paid; no clock counts.
 */
export function createPlayer(options: PlayerOptions): Player {
  const { video, playlist, keys, windowSeconds, unitSeconds, onSite, onBroken } = options;
  const ahead = Math.max(windowSeconds - unitSeconds, unitSeconds / 2);
  const { loader } = Hls.DefaultConfig;
  const hls = new Hls({
    autoStartLoad: false,
    enableWorker: false,
    maxBufferLength: ahead,
    maxMaxBufferLength: ahead,
    maxBufferSize: 0,
    loader: keyLoaderAt(keys) as typeof loader,
    pLoader: loader as never,
    fLoader: loader as never,
    manifestLoadPolicy: policy,
    playlistLoadPolicy: policy,
    fragLoadPolicy: policy,
  });
  hls.on(Events.FRAG_LOADED, () => onSite(true));
  hls.on(Events.ERROR, (_, { fatal, type, details, response }) => {
    if (!fatal) {
      if (mayComeBack(response)) onSite(false);
      return;
    }
    if (type === "mediaError") hls.recoverMediaError();
    else onBroken(details);
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return {
    start: (at) => hls.startLoad(at),
    close: () => hls.destroy(),
  };
}
