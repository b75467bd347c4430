import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { until } from "../../scripts/demo/client.ts";

/** Debian's, which has the codecs that Playwright's own lacks. */
const CHROMIUM = "/usr/bin/chromium";
const RESULTS = join(import.meta.dirname, "..", "..", "test-results");
const VIDEO = "video";

/** Why there is no browser to test with; undefined when there is one. Where CI runs there has to be one. */
export function absent(): string | undefined {
  if (existsSync(CHROMIUM)) return undefined;
  const reason = `there is no ${CHROMIUM}: apt-get install --no-install-recommends chromium fonts-dejavu-core`;
  if (process.env["CI"] === "true") throw new Error(reason);
  return reason;
}

/** One person's browser, with the page in it. */
export interface Screen {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong on the page: scripts that threw, what its policy stopped. */
  readonly faults: string[];
  /** Units whose keys the page asked for, in the order of asking. */
  readonly asked: number[];
  text(id: string): Promise<string>;
  /** The exact amount behind what is shown. */
  msat(id: string): Promise<bigint>;
  position(): Promise<number>;
  /** Seconds that could be played on without asking for more; much, once the end is there. */
  buffered(): Promise<number>;
  seek(seconds: number): Promise<void>;
  /** What pages loaded from now on are told of the machine's network. It is not needed, but hls.js goes by it. */
  network(isThere: boolean): Promise<void>;
  /** Resolves once the clip has come so far. */
  reaches(seconds: number): Promise<void>;
  /** Keeps a picture of the page among the files of the run. */
  shoot(name: string): Promise<void>;
}

/** A browser whose pictures go into a folder of this name, among the files of the run. */
export async function openBrowser(pictures = VIDEO): Promise<Browser> {
  rmSync(join(RESULTS, pictures), { recursive: true, force: true });
  mkdirSync(join(RESULTS, pictures), { recursive: true });
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: CHROMIUM, args: sandbox });
}

/** A page of its own person, and what goes wrong on it. */
export async function openPage(browser: Browser): Promise<Pick<Screen, "page" | "context" | "faults">> {
  const context = await browser.newContext({ viewport: { width: 960, height: 940 }, colorScheme: "light" });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => {
    // Chromium tells of every answer that is a refusal, and of every site that is away.
    const { type, text } = { type: message.type(), text: message.text() };
    if (type === "error" && !text.startsWith("Failed to load resource")) faults.push(text);
  });
  return { page, context, faults };
}
export const shoot = async (page: Page, pictures: string, name: string): Promise<void> => {
  await page.screenshot({ path: join(RESULTS, pictures, `${name}.png`), fullPage: pictures !== VIDEO });
};

export async function openScreen(browser: Browser): Promise<Screen> {
  const { page, context, faults } = await openPage(browser);
  const asked: number[] = [];
  page.on("request", (request) => {
    const unit = /\/keys\/(\d+)$/.exec(request.url())?.[1];
    if (unit !== undefined) asked.push(Number(unit));
  });
  const position = (): Promise<number> => page.evaluate(`document.querySelector("video").currentTime`);
  return {
    page,
    context,
    faults,
    asked,
    position,
    text: async (id) => (await page.locator(`#${id}`).textContent())?.trim() ?? "",
    msat: async (id) => BigInt((await page.locator(`#${id}`).getAttribute("data-msat")) ?? "-1"),
    buffered: () =>
      page.evaluate(`((video) => {
        for (let at = 0; at < video.buffered.length; at++) {
          const [from, to] = [video.buffered.start(at), video.buffered.end(at)];
          if (from - 0.1 <= video.currentTime && video.currentTime <= to) {
            return to > video.duration - 0.1 ? 1_000 : to - video.currentTime;
          }
        }
        return 0;
      })(document.querySelector("video"))`),
    seek: (seconds) => page.evaluate(`document.querySelector("video").currentTime = ${seconds}`),
    async network(isThere) {
      const told = `{ get: () => ${isThere}, configurable: true }`;
      await page.addInitScript(`Object.defineProperty(Navigator.prototype, "onLine", ${told})`);
    },
    async reaches(seconds) {
      await until(`second ${seconds}`, async () => (await position()) >= seconds);
    },
    shoot: (name) => shoot(page, VIDEO, name),
  };
}

/** Milliseconds from the click on Play to the first picture of the clip. */
export async function firstPicture({ page }: Screen): Promise<number> {
  await page.evaluate(`
    void (window.firstPicture = new Promise((resolve) => {
      const play = document.querySelector("#play");
      play.addEventListener("click", (click) => {
        document.querySelector("video").requestVideoFrameCallback((now) => resolve(now - click.timeStamp));
      }, { once: true, capture: true });
    }))`);
  await page.click("#play");
  return page.evaluate("window.firstPicture");
}
