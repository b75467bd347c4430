import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { until } from "../../scripts/demo/client.ts";
import { type Stage, setStage } from "../../scripts/demo/stage.ts";
import { pageLink } from "../../src/cli/page-link.ts";
import { type Books, keepBooks, PRICE_MSAT, type Session } from "./account.ts";
import { absent, firstPicture, openBrowser, openScreen, type Screen } from "./screen.ts";
import { type Wire, wireTo } from "./wire.ts";

const CLIP = join(import.meta.dirname, "..", "..", "assets", "clip");
/** What the page buys ahead unless the person chooses less. */
const WINDOW_SECONDS = 4;
const LAST_UNIT = 19;
const REST_MS = 1_000;
const PAUSE_MS = 4_000;
const CUT_MS = 6_000;

/** Three daemons on one machine, a film on sale, and a wire to the site that can be cut. */
interface House {
  readonly folder: string;
  readonly stage: Stage;
  readonly browser: Browser;
  readonly wire: Wire;
  readonly stream: string;
  readonly books: Books;
  link(): Promise<string>;
}
async function build(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-page-"));
  const stage = await setStage({ folder, tell: () => undefined });
  const browser = await openBrowser();
  const wire = await wireTo(stage.siteUrl);
  const { id: stream } = await stage.site.api.post<{ id: string }>("/v1/streams", {
    title: "Test clip",
    source: CLIP,
    segmentSeconds: 1,
    priceMsatPerSecond: PRICE_MSAT.toString(),
  });
  const { api } = stage.viewer;
  return {
    folder,
    stage,
    browser,
    wire,
    stream,
    books: await keepBooks(stage, stream),
    async link() {
      const { code } = await api.post<{ code: string }>("/v1/login-links");
      return pageLink({ url: api.url, site: wire.url, stream, code });
    },
  };
}
async function takeDown({ browser, wire, stage, folder }: House): Promise<void> {
  await browser.close();
  await wire.close();
  await stage.close();
  await rm(folder, { recursive: true, force: true });
}

describe("the page that plays a film, in Chromium", function () {
  this.timeout(60_000);
  this.bail(true);
  let house: House;
  let screen: Screen;
  before(async function () {
    this.timeout(120_000);
    const reason = absent();
    if (reason !== undefined) {
      console.log(`    skipped: ${reason}`);
      return this.skip();
    }
    house = await build();
    screen = await openScreen(house.browser);
  });
  after(async () => {
    if (house !== undefined) await takeDown(house);
  });
  const session = async (): Promise<Session> => {
    const open = (await house.books.sessions()).find(({ state }) => state === "open");
    if (open === undefined) throw new Error("no session is open");
    return open;
  };
  /** Presses the space bar, which pauses and plays, and waits until the buffer is full and every key of it has come. */
  const pause = async (): Promise<number> => {
    await screen.page.keyboard.press("Space");
    await screen.page.waitForSelector("#status:has-text('Paused')");
    await until("a full window", async () => (await screen.buffered()) > WINDOW_SECONDS - 1.05);
    await until("every key", async () => new Set(screen.asked).size === (await session()).unlocked.length);
    return atRest();
  };
  /** What is paid once nothing more is asked for: one more second may fit behind a window that is nearly full. */
  const atRest = async (): Promise<number> => {
    const paid = await house.books.paidUnits();
    await wait(REST_MS);
    return (await house.books.paidUnits()) === paid ? paid : atRest();
  };

  it("opens by its link, shows price, window and cap, and has bought nothing; the link is good once", async () => {
    const link = await house.link();
    await screen.network(false);
    await screen.page.goto(link);
    await screen.page.waitForSelector("#play:has-text('Play · 100 sat a second'):enabled");
    expect(screen.page.url()).to.not.include("login");
    expect(await screen.text("title")).to.equal("Test clip");
    expect(await screen.page.inputValue("#cap")).to.equal("2200");
    expect(await screen.page.inputValue("#window")).to.equal(String(WINDOW_SECONDS));
    await screen.page.waitForSelector("#price-note:has-text('and 0.1 sat to routers')");
    await screen.shoot("1-before");
    const stranger = await openScreen(house.browser);
    await stranger.page.goto(link);
    await stranger.page.waitForSelector("#cover-title:has-text('not logged in')");
    await stranger.shoot("2-link-used");
    await stranger.context.close();
    expect([screen.asked, await house.books.sessions()]).to.deep.equal([[], []]);
  });

  it("plays: each key that it asks for is one second paid for, and no more than the window is paid ahead", async () => {
    const ms = await firstPicture(screen);
    console.log(`    first picture ${Math.round(ms)} ms after the click`);
    await screen.reaches(2.5);
    const { unlocked } = await session();
    expect(unlocked.length).to.be.within(3, Math.floor(await screen.position()) + WINDOW_SECONDS);
    await screen.shoot("3-playing");
  });

  it("pays nothing while it is paused for four seconds", async () => {
    const paid = await pause();
    const shown = await screen.position();
    expect(screen.asked).to.deep.equal(Array.from({ length: paid }, (_, unit) => unit));
    expect(paid).to.be.at.most(Math.ceil(shown) + WINDOW_SECONDS);
    await wait(PAUSE_MS);
    expect([await house.books.paidUnits(), await screen.position()]).to.deep.equal([paid, shown]);
    expect(await screen.msat("paid")).to.equal(BigInt(paid) * PRICE_MSAT);
    await screen.shoot("4-paused");
  });

  it("goes on paying when it is resumed", async () => {
    const paid = await house.books.paidUnits();
    const at = await screen.position();
    await screen.page.keyboard.press("Space");
    await screen.reaches(at + 2);
    await until("another second", async () => (await session()).unlocked.length > paid);
  });

  it("plays again what is paid for, free, after a seek back", async () => {
    const paid = await pause();
    await screen.seek(1);
    await screen.page.keyboard.press("Space");
    await screen.page.waitForSelector("#status:has-text('Watching again')");
    await screen.reaches(2.5);
    await screen.shoot("5-again");
    expect(await pause()).to.equal(paid);
    expect(screen.asked).to.deep.equal(Array.from({ length: paid }, (_, unit) => unit));
  });

  it("waits while the site is cut off for six seconds, loses nothing, and goes on by itself", async () => {
    const paid = await house.books.paidUnits();
    await screen.seek(paid - 2);
    await screen.page.keyboard.press("Space");
    house.wire.cut();
    await screen.page.waitForSelector("#status[data-mood='alarm']:has-text('site does not answer')");
    await wait(CUT_MS);
    await screen.shoot("6-cut");
    const stuck = await screen.position();
    expect(stuck).to.be.at.most(paid);
    // Offers that were signed before can still be paid; no more than one is, because no segment comes.
    expect((await session()).unlocked.length).to.be.at.most(paid + 1);
    house.wire.mend();
    await screen.reaches(stuck + 1.5);
    await screen.page.waitForSelector("#connection:has-text('node and site connected')");
    expect(await pause()).to.be.above(paid);
  });

  it("finds the running session again after a reload, plays on where it was, and pays nothing twice", async () => {
    const paid = await house.books.paidUnits();
    const at = await screen.position();
    await screen.network(true);
    let fails = 2;
    await screen.page.route("**/index.m3u8", (route) => (fails-- > 0 ? route.abort() : route.continue()));
    await screen.page.reload();
    await screen.page.waitForSelector("#play:has-text('Go on'):enabled");
    expect(await screen.msat("paid")).to.equal(BigInt(paid) * PRICE_MSAT);
    await screen.page.setViewportSize({ width: 400, height: 800 });
    await screen.page.emulateMedia({ colorScheme: "dark" });
    await screen.shoot("7-reloaded-narrow-dark");
    await screen.page.click("#play");
    await screen.reaches(at + 0.5);
    await screen.shoot("8-narrow-dark");
    expect(await pause()).to.be.within(paid, Math.ceil(await screen.position()) + WINDOW_SECONDS);
    expect(await house.books.sessions()).to.have.length(1);
  });

  it("cannot be made to pay by a page on another port of this machine", async () => {
    const paid = await house.books.paidUnits();
    const key = `${house.stage.viewer.api.url}/v1/subscriptions/${(await session()).id}/keys/${LAST_UNIT}`;
    const elsewhere = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(`<img src="${key}"><script>
        fetch("${key}", { credentials: "include", mode: "no-cors" }).catch(() => undefined)
          .then(() => new WebSocket("${key.replace(/^http/, "ws").replace(/\/v1.*/, "")}/socket.io/?EIO=4&transport=websocket"))
          .then((socket) => { socket.onclose = socket.onopen = ({ type }) => { document.title = type; }; });
      </script>`);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const other = await screen.context.newPage();
    await other.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
    expect(await until("the WebSocket's end", async () => (await other.title()) || undefined)).to.equal("close");
    await other.close();
    elsewhere.close();
    expect(await house.books.paidUnits()).to.equal(paid);
  });

  it("stops: the account is final, both nodes have signed it, and no key is given any more", async () => {
    await screen.page.click("#stop");
    await screen.page.waitForSelector("#receipt");
    const paid = await house.books.paidUnits();
    await screen.shoot("9-stopped-narrow-dark");
    const [closed] = await house.books.sessions();
    expect(closed?.state).to.equal("closed");
    const refused = await screen.page.evaluate(
      `fetch("/v1/subscriptions/${closed?.id}/keys/${LAST_UNIT}").then((reply) => reply.json()).then(({ code }) => code)`,
    );
    expect(refused).to.equal("SESSION_CLOSED");
    const receipt = await screen.page.evaluate(`fetch(document.querySelector("#receipt").href).then((r) => r.json())`);
    expect(receipt).to.include({ units: paid, paidMsat: String(BigInt(paid) * PRICE_MSAT) });
    expect((receipt as { payeeSignature: string }).payeeSignature).to.match(/^[0-9a-f]{128}$/);
    await until("the site's end of the session", async () => {
      const { data } = await house.stage.site.api.get<{ data: { type: string }[] }>("/v1/events?limit=500");
      return data.some(({ type }) => type === "stream.session_closed");
    });
    await wait(1_000);
    expect(await house.books.paidUnits()).to.equal(paid);
  });

  it("stops paying at the cap and says so", async () => {
    const before = await house.books.paidUnits();
    await screen.page.setViewportSize({ width: 960, height: 940 });
    await screen.page.click("#play");
    await screen.page.fill("#cap:enabled", "250");
    await screen.page.click("#play:has-text('Play')");
    await screen.page.waitForSelector("#cover-title:has-text('The cap is reached')");
    await screen.shoot("10-cap-dark");
    expect(await house.books.paidUnits()).to.equal(before + 2);
    await screen.page.click("#stop");
    await screen.page.waitForSelector("#receipt");
  });

  it("closes a session unpaid when the site asks for more than it has told", async () => {
    const before = await house.books.paidUnits();
    await screen.page.route(`**/s/${house.stream}`, async (route) => {
      const told = await (await route.fetch()).json();
      await route.fulfill({
        json: { ...told, priceMsatPerUnit: "99999" },
        headers: { "access-control-allow-origin": "*" },
      });
    });
    await screen.page.reload();
    await screen.page.click("#play:has-text('Play · 99.999 sat a second')");
    await screen.page.waitForSelector("#cover-text:has-text('asks for more than it has told')");
    expect((await house.books.sessions()).filter(({ state }) => state !== "closed")).to.deep.equal([]);
    expect(await house.books.paidUnits()).to.equal(before);
  });

  it("buys nothing from a playlist of splinters, of which each would cost as much as a second", async () => {
    const before = await house.books.paidUnits();
    await screen.page.unrouteAll();
    await screen.page.route("**/index.m3u8", async (route) => {
      const told = await (await route.fetch()).text();
      await wait(1_500);
      const headers = { "access-control-allow-origin": "*" };
      await route.fulfill({ body: told.replaceAll("EXTINF:1.0", "EXTINF:0.1"), headers });
    });
    await screen.page.reload();
    // Before the playlist has come.
    await screen.page.click("#play:has-text('Play · 100 sat a second')");
    await screen.page.waitForSelector("#cover-text:has-text('not the film')");
    await screen.shoot("11-splinters");
    expect(await house.books.paidUnits()).to.equal(before);
    await screen.page.click("#stop");
    await screen.page.waitForSelector("#cover-title:has-text('0 sat paid in all')");
  });

  it("logs out", async () => {
    await screen.page.click("#logout");
    await screen.page.waitForSelector("#cover-title:has-text('not logged in')");
    expect(await screen.context.cookies()).to.deep.equal([]);
  });

  it("has broken nothing on the way: no script threw, no policy was crossed", () => {
    expect(screen.faults).to.deep.equal([]);
  });
});
