import { satText } from "./amounts.ts";
import type { Film, Subscription } from "./answers.ts";
import { drawn, element, show, write } from "./dom.ts";
import { paidAhead, type Stretch, spent, stretches, type Watched } from "./meter.ts";
import type { Status } from "./status.ts";

const amount = (id: string, msat: string | bigint): void => {
  write(id, satText(msat));
  element(id, HTMLElement).dataset["msat"] = msat.toString();
};
const seconds = (value: number): string => value.toFixed(1);

/** Before anything is paid: the film, and the fields of the limits. */
export function showFilm(film: Film): void {
  element("main", HTMLElement).classList.remove("waiting");
  write("title", film.title);
  document.title = `${film.title} · Sluice`;
  showPrice(film.priceMsatPerUnit, film.unitSeconds);
  write("paid-note", `for 0 of ${film.units * film.unitSeconds} seconds`);
}
function showPrice(priceMsatPerUnit: string, unitSeconds: number): void {
  amount("price", priceMsatPerUnit);
  write("price-unit", unitSeconds === 1 ? "sat a second" : `sat for ${unitSeconds} seconds`);
}
export function showLimits(film: Film, windowUnits: number): void {
  const ahead = BigInt(film.priceMsatPerUnit) * BigInt(windowUnits);
  write("window-note", `${satText(ahead)} sat ahead at most`);
  write("cap-note", "the most it may cost");
}

/** The account of a running or ended session, as the daemon tells it. */
export function showAccount(film: Film, subscription: Subscription, watched: Watched): void {
  const { paidMsat, feesMsat, owedMsat, capMsat, windowUnits, unlocked } = subscription;
  const paidUnits = unlocked.filter((unit) => unit >= film.freeUnits).length;
  const { left } = spent(subscription);
  showPrice(subscription.priceMsatPerUnit, film.unitSeconds);
  amount("paid", paidMsat);
  write("paid-note", `for ${paidUnits * film.unitSeconds} of ${film.units * film.unitSeconds} seconds`);
  amount("owed", owedMsat);
  amount("fees", feesMsat);
  write("ahead", seconds(paidAhead(subscription, film, watched)));
  write("window-note", `buys ${windowUnits * film.unitSeconds} s ahead at most`);
  amount("cap-shown", capMsat);
  write("cap-note", `${satText(left)} sat of it left`);
}

/** Which seconds are paid for, which of them are watched, and where playback stands. */
export function showBar(film: Film, subscription: Subscription | undefined, watched: Watched): void {
  const bar = element("bar", SVGSVGElement);
  if (!bar.hasAttribute("viewBox")) {
    bar.setAttribute("viewBox", `0 0 ${film.units} 1`);
    const marks = Array.from({ length: film.units <= MARKS_MAX ? film.units - 1 : 0 }, (_, unit) => line(unit + 1));
    element("bar-marks", SVGGElement).replaceChildren(...marks);
  }
  const paid = (subscription?.unlocked ?? []).filter((unit) => unit >= film.freeUnits);
  const free: readonly Stretch[] = film.freeUnits > 0 ? [[0, film.freeUnits]] : [];
  rows("bar-paid", [...free, ...stretches(paid)]);
  rows("bar-watched", stretches(watched.units));
  // Out of sight until there is something to play.
  const at = String(subscription === undefined ? -1 : Math.min(watched.at / film.unitSeconds, film.units));
  for (const end of ["x1", "x2"]) element("bar-at", SVGLineElement).setAttribute(end, at);
  bar.setAttribute(
    "aria-label",
    `${paid.length + film.freeUnits} of ${film.units} parts paid for or free, ${watched.units.size} watched`,
  );
}
/** With more units the marks between them would be all there is to see. */
const MARKS_MAX = 200;
const line = (at: number): SVGElement => drawn("line", { x1: at, x2: at, y1: 0, y2: 1 });
function rows(id: string, wanted: readonly Stretch[]): void {
  const group = element(id, SVGGElement);
  const shown = wanted.map(([from, to]) => `${from}-${to}`).join(" ");
  if (group.dataset["drawn"] === shown) return;
  group.dataset["drawn"] = shown;
  group.replaceChildren(...wanted.map(([from, to]) => drawn("rect", { x: from, width: to - from, y: 0, height: 1 })));
}

export function showStatus({ mood, text }: Status): void {
  write("status", text);
  element("status", HTMLElement).dataset["mood"] = mood;
}

export interface Cover {
  readonly title?: string;
  readonly text?: string;
  /** The words on the button; without them there is none. */
  readonly button?: string;
  /** Where the signed account can be had. */
  readonly receipt?: string;
}
/** What lies over the picture; nothing when it is to be seen. */
export function showCover(cover: Cover | undefined): void {
  show("cover", cover !== undefined);
  const { title, text, button, receipt } = cover ?? {};
  for (const [id, words] of Object.entries({ "cover-title": title, "cover-text": text, play: button })) {
    show(id, words !== undefined);
    if (words !== undefined) write(id, words);
  }
  show("receipt", receipt !== undefined);
  if (receipt !== undefined) element("receipt", HTMLAnchorElement).href = receipt;
}
