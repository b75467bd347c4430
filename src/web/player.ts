import type { LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderResponse, RetryConfig } from "hls.js";
import Hls, { Events } from "hls.js/light";
import type { Film } from "./answers.ts";
import { fitsFilm } from "./film.ts";
import { type KeyDesk, keyLoaderAt } from "./key-loader.ts";

export interface PlayerOptions {
  readonly video: HTMLVideoElement;
  readonly playlist: string;
  readonly keys: KeyDesk;
  /** The most that may be paid for and not yet watched. */
  readonly windowSeconds: number;
  readonly film: Film;
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
/** For playlists hls.js takes no reply (status 0) for hopeless and gives up. A site that is away comes back. */
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
 * Tells hls.js of a file that did not come as of a server that is busy (503). Of status 0 it would make, on a machine without
 * a network, that the network is away, and wait for its return; but the site may be on this very machine.
 */
class SiteLoader extends Hls.DefaultConfig.loader {
  override load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
    const onError: typeof callbacks.onError = ({ code, text }, ...rest) =>
      callbacks.onError({ code: code === 0 ? 503 : code, text }, ...rest);
    super.load(context, config, { ...callbacks, onError });
  }
}

/**
 * hls.js, set so that its buffer is the window: it loads the next unit only while less than the window is ahead, and asks
 * for that unit's key first. Pausing fills the buffer and then nothing is asked for, so nothing is paid; no clock counts.
 */
export function createPlayer(options: PlayerOptions): Player {
  const { video, playlist, keys, windowSeconds, film, onSite, onBroken } = options;
  const { unitSeconds } = film;
  const ahead = Math.max(windowSeconds - unitSeconds, unitSeconds / 2);
  const { loader } = Hls.DefaultConfig;
  const hls = new Hls({
    autoStartLoad: false,
    enableWorker: false,
    maxBufferLength: ahead,
    maxMaxBufferLength: ahead,
    maxBufferSize: 0,
    loader: keyLoaderAt(keys) as typeof loader,
    pLoader: SiteLoader as never,
    fLoader: SiteLoader as never,
    manifestLoadPolicy: policy,
    playlistLoadPolicy: policy,
    fragLoadPolicy: policy,
  });
  hls.on(Events.LEVEL_LOADED, (_, { details }) => {
    const durations = details.fragments.map(({ duration }) => duration);
    if (fitsFilm(film, durations)) return;
    hls.stopLoad();
    onBroken("The site's playlist is not the film that it has told the price of.");
  });
  hls.on(Events.FRAG_LOADED, () => onSite(true));
  hls.on(Events.ERROR, (_, { fatal, type, details, response }) => {
    if (!fatal) {
      if (mayComeBack(response)) onSite(false);
      return;
    }
    if (type === "mediaError") hls.recoverMediaError();
    else onBroken(`The player gave up: ${details}.`);
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return {
    start: (at) => hls.startLoad(at),
    close: () => hls.destroy(),
  };
}
