import { ask, Refused } from "../api.ts";
import { element, show, write } from "../dom.ts";
import { followEvents } from "../events.ts";
import { useLink } from "../login.ts";
import type { Block, ChainInfo, Transaction } from "./answers.ts";
import { drawBlocks } from "./blocks-view.ts";
import { blockDetail, transactionDetail, txList } from "./detail-view.ts";
import { drawDifficulty } from "./difficulty-view.ts";
import { fragmentOf, type Place, placeOf, placesFor } from "./place.ts";
import { type Asker, readBlocks, readDifficulty, readWaiting } from "./read.ts";
import { nextToAsk, type Trace, traceFrom, withTx } from "./trace.ts";
import { drawnTrace } from "./trace-view.ts";
import { ageText, grouped } from "./words.ts";

/** The page `/chain`: the chain of this daemon's Bitcoin node, looked at. */
const COLUMNS = 24;
/** Heights by which older and newer move. */
const STEP = 12;
const AGES_MS = 1_000;
/** What waits and what is mined beside the best chain is told by no event. */
const LOOK_MS = 4_000;
/** Transactions looked up on the way back to mined coins; as many again each time more are asked for. */
const TRACED = 24;
const NEW_LINK = "Make a link with: npm run sluice -- chain page";

/** The height at the right edge; undefined to stay with the newest. */
let edge: number | undefined;
let info: ChainInfo | undefined;
let chosen: string | undefined;
/** Counts what was asked to be looked at: answers that come late are of an older one. */
let looked = 0;

async function main(): Promise<void> {
  notice("Loading.");
  const linkFault = await useLink();
  try {
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) return notice("Your node does not answer. Load the page again.");
    return notice(`This browser is not logged in: ${linkFault ?? error.message} ${NEW_LINK}`);
  }
  show("explorer", true);
  // What is hidden cannot be scrolled.
  scrollThere();
  show("logout", true);
  notice(undefined);
  listen();
  await lookAt(placeOf(location.hash));
}

function notice(text: string | undefined): void {
  show("notice", text !== undefined);
  if (text !== undefined) write("notice", text);
}

/** Whether one is on its way, and whether another has been asked for since. */
let refreshing: Promise<void> | undefined;
let again = false;
/** Reads and draws everything that changes with the chain; what happens meanwhile leads to one more time. */
function refresh(): Promise<void> {
  again = refreshing !== undefined;
  refreshing ??= refreshAll().finally(() => {
    refreshing = undefined;
    if (again) void refresh().catch(() => undefined);
  });
  return refreshing;
}
const asker: Asker = (path) => ask("GET", path);
async function refreshAll(): Promise<void> {
  const now = await ask<ChainInfo>("GET", "/v1/chain");
  const isNews = now.hash !== info?.hash;
  info = now;
  const [, steps, waiting] = await Promise.all([drawWindow(), readDifficulty(asker), readWaiting(asker)]);
  if (isNews) scrollThere();
  drawDifficulty(steps, now.time);
  write("waiting-note", waitingText(now));
  element("waiting", HTMLUListElement).replaceChildren(...txList(waiting.map(({ txid }) => txid)).children);
  write("network", now.network);
  write("height", grouped(now.height));
  drawAges();
}
function waitingText({ mempool: { transactions, bytes } }: ChainInfo): string {
  if (transactions === 0) return "Nothing waits.";
  return `${grouped(transactions)} ${transactions === 1 ? "transaction" : "transactions"}, ${grouped(bytes)} virtual bytes`;
}
async function drawWindow(): Promise<void> {
  const blocks = await readBlocks(asker, edge, COLUMNS);
  drawBlocks(blocks, chosen, Date.now());
  element("newer", HTMLButtonElement).disabled = edge === undefined;
  element("newest", HTMLButtonElement).disabled = edge === undefined;
}
/** Brings the block that is looked at into the picture, or else the last one. Not while a person may be scrolling. */
function scrollThere(): void {
  const canvas = element("blocks", SVGSVGElement);
  const scroll = canvas.parentElement;
  const marked = canvas.querySelector("[aria-current]");
  if (scroll === null) return;
  if (edge === undefined || marked === null) scroll.scrollLeft = scroll.scrollWidth;
  else marked.scrollIntoView({ inline: "center", block: "nearest" });
}
function drawAges(): void {
  if (info !== undefined) write("age", `${ageText(Date.parse(info.time), Date.now())} ago by its own time`);
}

function listen(): void {
  element("older", HTMLButtonElement).addEventListener("click", () => move((edge ?? info?.height ?? 0) - STEP));
  element("newer", HTMLButtonElement).addEventListener("click", () => move((edge ?? 0) + STEP));
  element("newest", HTMLButtonElement).addEventListener("click", () => move(undefined));
  element("search", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void find(element("query", HTMLInputElement).value);
  });
  element("logout", HTMLButtonElement).addEventListener("click", () => {
    void ask("DELETE", "/v1/logins/current").finally(() => location.reload());
  });
  addEventListener("hashchange", () => void lookAt(placeOf(location.hash)));
  followEvents(["chain.*"], {
    onConnection: (connected) => {
      write("connection", connected ? "following your node" : "your node is away");
      if (connected) void refresh().catch(() => undefined);
    },
    onEvent: () => {
      void refresh().catch(() => undefined);
      // How deep a block lies has changed, and whether a transaction waits.
      if (placeOf(location.hash) !== undefined) void lookAt(placeOf(location.hash), "again");
    },
  });
  setInterval(drawAges, AGES_MS);
  setInterval(() => document.hidden || void refresh().catch(() => undefined), LOOK_MS);
}

/** Moves the picture; what lies at or beyond the newest block is the newest. */
function move(height: number | undefined): void {
  edge = height === undefined || height >= (info?.height ?? 0) ? undefined : Math.max(height, COLUMNS - 1);
  void drawWindow().then(scrollThere, (error: unknown) => tell(error));
}

async function find(query: string): Promise<void> {
  const places = placesFor(query);
  if (places.length === 0) return notice("Type a height, a block hash, a txid or an outpoint.");
  for (const place of places) {
    if (await lookAt(place, places.at(-1) === place ? "first" : "try")) {
      history.pushState(null, "", fragmentOf(place));
      return;
    }
  }
}

/**
 * Shows a block or a transaction; false when the node has none. The `first` time the picture moves there, and what is missing
 * is told; a `try` tells nothing; `again` leaves the picture where the person has moved it.
 */
async function lookAt(place: Place | undefined, how: "first" | "try" | "again" = "first"): Promise<boolean> {
  const mine = ++looked;
  const detail = element("detail", HTMLElement);
  if (place === undefined) {
    chosen = undefined;
    show("detail", false);
    return true;
  }
  try {
    const found = place.kind === "block" ? await blockParts(place.id) : await transactionParts(place.id, mine);
    if (mine !== looked) return true;
    chosen = found.block?.hash;
    if (how !== "again" && found.block !== undefined) edge = edgeBeside(found.block.height);
    notice(undefined);
    detail.replaceChildren(...found.parts);
    show("detail", true);
    await drawWindow();
    if (how !== "again") scrollThere();
    return true;
  } catch (error) {
    if (how === "first" || !(error instanceof Refused)) tell(error);
    return false;
  }
}
const tell = (error: unknown): void =>
  notice(error instanceof Refused ? `${error.message}.`.replace(/\.\.$/, ".") : "Your node does not answer.");

/** Where the picture ends to have a height in its middle. */
const edgeBeside = (height: number): number | undefined =>
  (info?.height ?? 0) - height < COLUMNS ? undefined : height + Math.floor(COLUMNS / 2);

/** What is to be shown, and the block to be marked. */
interface Found {
  readonly parts: readonly Node[];
  readonly block: { readonly hash: string; readonly height: number } | undefined;
}
async function blockParts(id: string): Promise<Found> {
  const block = await ask<Block>("GET", `/v1/chain/blocks/${id}`);
  return { parts: blockDetail(block), block };
}

async function transactionParts(txid: string, mine: number): Promise<Found> {
  const tx = await ask<Transaction>("GET", `/v1/chain/transactions/${txid}`);
  const place = document.createElement("div");
  place.className = "scroll";
  void traceBack(traceFrom(tx), TRACED, place, mine);
  return { parts: [...transactionDetail(tx), place], block: tx.block ?? undefined };
}
/** Follows coins back, one transaction after the other, and draws what is found. */
async function traceBack(from: Trace, most: number, place: HTMLElement, mine: number): Promise<void> {
  let trace = from;
  for (let txid = nextToAsk(trace, most); txid !== undefined; txid = nextToAsk(trace, most)) {
    place.replaceChildren(drawnTrace(trace));
    const found = await ask<Transaction>("GET", `/v1/chain/transactions/${txid}`).catch(() => null);
    if (mine !== looked) return;
    trace = withTx(trace, txid, found);
  }
  place.replaceChildren(drawnTrace(trace), ...furtherBack(trace, most, place, mine));
  place.scrollLeft = place.scrollWidth;
}
function furtherBack(trace: Trace, most: number, place: HTMLElement, mine: number): readonly Node[] {
  if (nextToAsk(trace, trace.size) === undefined) return [];
  const button = document.createElement("button");
  button.className = "quiet";
  button.textContent = "Follow them further back";
  button.addEventListener("click", () => {
    button.disabled = true;
    void traceBack(trace, most + TRACED, place, mine);
  });
  return [button];
}

void main();
