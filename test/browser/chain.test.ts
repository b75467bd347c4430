import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, type Ports, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";
import { explorerLink } from "../../src/cli/page-link.ts";
import { absent, openBrowser, openPage, shoot } from "./screen.ts";

const PICTURES = "chain";
/** Of both, before they know of each other. */
const OWN_BLOCKS = { left: 3, longer: 105 } as const;

interface House {
  readonly folder: string;
  readonly browser: Browser;
  /** Its first blocks were left for those of the other one. */
  readonly watcher: Daemon;
  readonly miner: Daemon;
}
async function build(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-explorer-"));
  const [first, second] = (await pickPorts(2)) as [Ports, Ports];
  const miner = await startDaemon({ name: "miner", folder, ports: first, chainPeer: undefined, env: {} });
  const alone = await startDaemon({ name: "watcher", folder, ports: second, chainPeer: undefined, env: {} });
  await mine(miner, OWN_BLOCKS.longer);
  await mine(alone, OWN_BLOCKS.left);
  await alone.stop();
  const chainPeer = `127.0.0.1:${miner.started.chainPort}`;
  const watcher = await startDaemon({ name: "watcher", folder, ports: second, chainPeer, env: {} });
  await sameTip([miner, watcher]);
  return { folder, browser: await openBrowser(PICTURES), watcher, miner };
}
const mine = async ({ api }: Daemon, blocks: number): Promise<readonly string[]> =>
  (await api.post<{ blocks: readonly string[] }>("/v1/chain/mine", { blocks })).blocks;
const link = async ({ api }: Daemon): Promise<string> =>
  explorerLink({ url: api.url, code: (await api.post<{ code: string }>("/v1/login-links")).code });
const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).textContent())?.trim() ?? "";
const shows = (page: Page, selector: string, text: string): Promise<unknown> =>
  until(`${selector}: ${text}`, async () => (await textOf(page, selector)).includes(text));

describe("the page that shows the chain, in Chromium", function () {
  this.timeout(60_000);
  this.bail(true);
  let house: House;
  let page: Page;
  let faults: readonly string[];
  before(async function () {
    this.timeout(120_000);
    const reason = absent();
    if (reason !== undefined) {
      console.log(`    skipped: ${reason}`);
      return this.skip();
    }
    house = await build();
    ({ page, faults } = await openPage(house.browser));
  });
  after(async () => {
    if (house === undefined) return;
    await house.browser.close();
    await Promise.all([house.watcher.stop(), house.miner.stop()]);
    await rm(house.folder, { recursive: true, force: true });
  });

  it("lets nobody in without a link", async () => {
    await page.goto(`${house.watcher.api.url}/chain`);
    await shows(page, "#notice", "not logged in");
  });
  it("shows the newest blocks to who has one, and leaves no code in the address", async () => {
    await page.goto(await link(house.watcher));
    await shows(page, "#height", "105");
    expect(page.url()).to.equal(`${house.watcher.api.url}/chain`);
    expect(await page.locator("#blocks .block").count()).to.equal(24);
    expect(await textOf(page, "#network")).to.equal("regtest");
    expect(await textOf(page, "#difficulty-note")).to.equal("2 hashes a block, the same at all times");
    const toTheRight = "(({ scrollLeft, scrollWidth, clientWidth }) => scrollWidth - clientWidth - scrollLeft)";
    expect(await page.evaluate(`${toTheRight}(document.querySelector("#blocks").parentElement)`)).to.be.below(1);
    await shoot(page, PICTURES, "newest");
  });
  it("draws the blocks that were left as a branch", async () => {
    await page.click("#older");
    for (let step = 0; step < 10; step++) await page.click("#older");
    await shows(page, "#blocks", "Block 0, in the best chain");
    expect(await page.locator("#blocks .block.held").count()).to.equal(OWN_BLOCKS.left);
    await shoot(page, PICTURES, "branch");
    await page.click("#blocks .block.held >> nth=0");
    await shows(page, "#detail", "not in the best chain");
    await shoot(page, PICTURES, "left-block");
  });
  it("follows new blocks as they come", async () => {
    await page.click("#newest");
    const [hash = ""] = await mine(house.miner, 1);
    await shows(page, "#height", "106");
    await until(
      "the block is drawn",
      async () => (await page.locator(`#blocks a[href="#block/${hash}"]`).count()) === 1,
    );
  });
  it("traces coins back to where they were mined", async () => {
    const { watcher, miner } = house;
    const { address } = await watcher.api.post<{ address: string }>("/v1/wallet/addresses");
    const { txid } = await miner.api.post<{ txid: string }>("/v1/wallet/sends", { address, amountSat: "1234567" });
    await shows(page, "#waiting", txid);
    await page.fill("#query", `${txid}:0`);
    await page.click("#search button");
    await shows(page, "#detail", "waits to be mined");
    await shows(page, "#detail .trace", "mined in block");
    expect(await textOf(page, "#detail .sides"))
      .to.include("1,234,567 sat")
      .and.to.include(address);
    await shoot(page, PICTURES, "transaction");
    await page.click("#detail .traced.mined");
    await shows(page, "#detail", "newly mined coins");
    await mine(miner, 1);
    await page.goBack();
    await shows(page, "#detail dl", "confirmations1");
  });
  it("says what it does not find", async () => {
    await page.fill("#query", "ab".repeat(32));
    await page.click("#search button");
    await shows(page, "#notice", "no such");
    await page.fill("#query", "something else");
    await page.click("#search button");
    await shows(page, "#notice", "Type a height");
    await page.fill("#query", "7");
    await page.click("#search button");
    await shows(page, "#detail", "Block 7");
    expect(await page.locator("#notice").isHidden()).to.equal(true);
  });
  it("fits on a narrow screen, in the dark too", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark" });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    await shoot(page, PICTURES, "narrow");
    expect(overflow).to.equal(0);
  });
  it("had no fault of its scripts, and nothing that its policy stopped", () => {
    expect(faults).to.deep.equal([]);
  });
});
