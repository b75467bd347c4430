import type { Film, Problem, Receipt, Subscription } from "./answers.ts";
import { ask, Refused } from "./api.ts";
import { type FilmAddress, playlistOf } from "./film.ts";
import { NOTHING_WATCHED, played, type Watched } from "./meter.ts";
import { createPlayer, type Player } from "./player.ts";
import type { Situation } from "./status.ts";
import { forgetWatched, keepWatched, keptWatched } from "./watched.ts";

/** What the person has set before anything is paid. */
export interface Limits {
  readonly capMsat: bigint;
  readonly windowUnits: number;
}
/** A key that takes longer than this is told, and what is owed is asked. */
const SLOW_KEY_MS = 700;
const AGAIN_MS = 1_000;
/** Further ahead in one step, playback has jumped. */
const STEP_SECONDS_MAX = 2;

/** One film on the screen: its session with the site, the player, and what the account says. */
export class Watching {
  readonly address: FilmAddress;
  readonly film: Film;
  readonly #video: HTMLVideoElement;
  readonly #changed: () => void;
  #player: Player | undefined;
  #wanted = new Map<number, number>();
  #asking = false;
  #askAgain = false;
  subscription: Subscription | undefined;
  receipt: Receipt | undefined;
  watched: Watched = NOTHING_WATCHED;
  stage: Situation["stage"] = "ready";
  /** Playing has begun in this window. */
  begun = false;
  nodeReached = true;
  siteReached = true;
  held: Problem | undefined;
  over: Problem | undefined;

  constructor(address: FilmAddress, film: Film, video: HTMLVideoElement, changed: () => void) {
    this.address = address;
    this.film = film;
    this.#video = video;
    this.#changed = changed;
  }

  /** Takes up a session that is still open. */
  take(subscription: Subscription): void {
    this.subscription = subscription;
    this.stage = "open";
    this.watched = keptWatched(subscription.id);
  }
  /** Fetches the playlist, so that the first second starts sooner; no key is asked for. */
  prepare(windowUnits: number): void {
    this.#player?.close();
    this.#player = createPlayer({
      video: this.#video,
      playlist: playlistOf(this.address),
      keys: {
        subscription: () => (this.stage === "open" && this.over === undefined ? this.subscription?.id : undefined),
        asked: (unit) => this.#asked(unit),
        waits: (problem) => this.#waits(problem),
        ended: (problem) => this.#end(problem),
      },
      film: this.film,
      windowSeconds: windowUnits * this.film.unitSeconds,
      onSite: (reached) => this.#set({ siteReached: reached }),
      onBroken: (detail) => this.#end({ code: "OTHER", detail, retryable: false }),
    });
  }
  /** Opens the session if none is open, and plays. Rejects with why it cannot. */
  async play(limits: Limits): Promise<void> {
    // In the click itself: a page may start sound only because a person asked.
    const playing = this.#video.play();
    playing.catch(() => undefined);
    try {
      if (this.subscription === undefined) this.take(await this.#open(limits));
      else if (this.subscription.state === "paused") await this.#ask("resume");
    } catch (error) {
      this.#video.pause();
      throw error;
    }
    this.begun = true;
    this.#player?.start(this.watched.at);
    if (this.watched.at > 0) this.#video.currentTime = this.watched.at;
    this.#changed();
  }
  /** Plays what is paid for once more. */
  fromTheStart(): void {
    this.#video.currentTime = 0;
    void this.#video.play();
  }
  /** Buys nothing from now on, and ends the session as soon as the daemon answers. */
  async stop(): Promise<void> {
    this.#closePlayer();
    this.stage = "closing";
    this.#changed();
    while (this.stage === "closing") {
      try {
        return await this.#ask("close");
      } catch (error) {
        if (error instanceof Refused) {
          this.stage = "open";
          return this.#end(error.problem);
        }
        this.#set({ nodeReached: false });
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
  #closePlayer(): void {
    this.#video.pause();
    this.#player?.close();
    this.#player = undefined;
  }

  /** Playback has moved. */
  moved(): void {
    const { currentTime, seeking } = this.#video;
    if (!this.begun || this.stage !== "open" || seeking) return;
    const step = currentTime - this.watched.at;
    const went = step >= 0 && step <= STEP_SECONDS_MAX;
    this.watched = went
      ? played(this.watched, currentTime, this.film.unitSeconds)
      : { ...this.watched, at: currentTime };
    if (this.subscription) keepWatched(this.subscription.id, this.watched);
  }
  /** Whether a key takes so long that the person should know. */
  get slow(): boolean {
    return [...this.#wanted.values()].some((since) => performance.now() - since > SLOW_KEY_MS);
  }
  /** Asks for the account; once more when it may have changed meanwhile. */
  async refresh(): Promise<void> {
    if (this.subscription === undefined) return;
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    try {
      await this.#account(await ask<Subscription>("GET", `/v1/subscriptions/${this.subscription.id}`));
      this.nodeReached = true;
    } catch (error) {
      if (!(error instanceof Refused)) this.nodeReached = false;
      else if (!error.problem.retryable) this.#end(error.problem);
    }
    this.#asking = false;
    this.#changed();
    if (this.#askAgain) {
      this.#askAgain = false;
      await this.refresh();
    }
  }

  async #open({ capMsat, windowUnits }: Limits): Promise<Subscription> {
    const { priceMsatPerUnit } = this.film;
    const unpaid = BigInt(priceMsatPerUnit) * BigInt(windowUnits);
    const opened = await ask<Subscription>("POST", "/v1/subscriptions", {
      ...this.address,
      budgetMsat: capMsat.toString(),
      maxUnpaidMsat: (unpaid > 0n ? unpaid : 1n).toString(),
    });
    if (BigInt(opened.priceMsatPerUnit) <= BigInt(priceMsatPerUnit)) return opened;
    await ask("POST", `/v1/subscriptions/${opened.id}/close`);
    const detail = "The site asks for more than it has told. Nothing was paid; load the page again.";
    throw new Refused({ code: "OTHER", detail, retryable: false });
  }
  async #ask(what: "resume" | "close"): Promise<void> {
    await this.#account(await ask<Subscription>("POST", `/v1/subscriptions/${this.subscription?.id}/${what}`));
    this.#changed();
  }
  /** What the daemon says is so; the receipt is fetched once the account cannot change any more. */
  async #account(subscription: Subscription): Promise<void> {
    this.subscription = subscription;
    if (subscription.state !== "closed" || this.stage === "closed") return;
    this.#closePlayer();
    this.stage = "closed";
    forgetWatched(subscription.id);
    this.receipt = await ask<Receipt>("GET", `/v1/subscriptions/${subscription.id}/receipt`).catch(() => undefined);
  }
  #asked(unit: number): () => void {
    this.#wanted.set(unit, performance.now());
    return () => {
      this.#wanted.delete(unit);
      this.#set({ held: undefined, nodeReached: true });
      void this.refresh();
    };
  }
  #waits(problem: Problem | undefined): void {
    this.#set(problem === undefined ? { nodeReached: false } : { held: problem, nodeReached: true });
  }
  #end(problem: Problem): void {
    // What came first is why.
    this.#set({ over: this.over ?? problem, held: undefined });
    if (problem.code === "SESSION_CLOSED") void this.refresh();
  }
  #set(change: Partial<Pick<Watching, "held" | "over" | "nodeReached" | "siteReached">>): void {
    Object.assign(this, change);
    this.#changed();
  }
}
