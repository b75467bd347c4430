import type { StreamLink, StreamLinks } from "../../ports/stream-link.ts";
import type { Clock } from "../../ports/world.ts";

/** Policy, not protocol: how long a site may take, and how often an interrupted request is made again. */
const ANSWER_MS_MAX = 5_000;
const RETRY_MS = 300;
const TRIES_MAX = 40;

/** Requests to sites, over links that are opened when needed and again when lost. Every request can be repeated harmlessly. */
export class SiteLinks {
  readonly #links: StreamLinks;
  readonly #clock: Clock;
  readonly #open = new Map<string, Promise<StreamLink>>();
  #stopped = false;

  constructor(links: StreamLinks, clock: Clock) {
    this.#links = links;
    this.#clock = clock;
  }
  /** Resolves with the site's answer; rejects when it could not be reached for a while. */
  async request(site: string, name: string, body: unknown, tries = TRIES_MAX): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const link = this.#open.get(site) ?? this.#connect(site);
      try {
        return await (await link).request(name, body, ANSWER_MS_MAX);
      } catch (error) {
        this.#giveUp(site, link);
        if (attempt >= tries || this.#stopped) throw error;
        await new Promise<void>((resolve) => {
          this.#clock.after(RETRY_MS, resolve);
        });
      }
    }
  }
  /** A site that takes connections and does not answer must not be left with one for each try. */
  #giveUp(site: string, link: Promise<StreamLink>): void {
    if (this.#open.get(site) === link) this.#open.delete(site);
    link.then((open) => open.close()).catch(() => {});
  }
  get isStopped(): boolean {
    return this.#stopped;
  }
  stop(): void {
    this.#stopped = true;
    for (const link of this.#open.values()) link.then((open) => open.close()).catch(() => {});
  }
  #connect(site: string): Promise<StreamLink> {
    const link = this.#links.open(site, () => {
      if (this.#open.get(site) === link) this.#open.delete(site);
    });
    this.#open.set(site, link);
    return link;
  }
}
