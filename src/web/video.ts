import { satText, suggestedCapSat } from "./amounts.ts";
import type { Film, Quote, Subscription } from "./answers.ts";
import { ask, filmAt, Refused, subscriptions } from "./api.ts";
import { element, show, write } from "./dom.ts";
import { followEvents } from "./events.ts";
import { addressOf, type FilmAddress, runningFor, searchOf } from "./film.ts";
import { useLink } from "./login.ts";
import { endText, type Situation, statusOf } from "./status.ts";
import { type Cover, showAccount, showBar, showCover, showFilm, showLimits, showStatus } from "./view.ts";
import { Watching } from "./watching.ts";

/** The page `/demo/video`: from a link to a film that is paid for as it plays. */
const video = element("video", HTMLVideoElement);
const playButton = element("play", HTMLButtonElement);
const stopButton = element("stop", HTMLButtonElement);
const capField = element("cap", HTMLInputElement);
const windowField = element("window", HTMLSelectElement);
/** How often what moves by itself is drawn. Nothing is paid by this clock. */
const DRAW_MS = 200;
/** How often the account is looked at while it waits for something. */
const LOOK_MS = 1_000;
const SITE_AGAIN_MS = 1_000;
/** Why playing did not begin. */
let refusal: string | undefined;
let starting = false;

async function main(): Promise<void> {
  showCover({ text: "Loading." });
  const linkFault = await useLink();
  let all: readonly Subscription[];
  try {
    all = await subscriptions();
  } catch (error) {
    if (!(error instanceof Refused))
      return showCover({ title: "Your node does not answer", text: "Load the page again." });
    return showCover({ title: "This browser is not logged in", text: `${linkFault ?? error.message}\n${NEW_LINK}` });
  }
  show("logout", true);
  const address = addressOf(location.search);
  const last = all.at(-1);
  if (address !== undefined) await watch(address, all);
  else if (last !== undefined) location.replace(searchOf(last));
  else showCover({ title: "No film is chosen", text: NEW_LINK });
}
const NEW_LINK = "Make a link with: npm run sluice -- stream page <site> <stream>";

async function watch(address: FilmAddress, all: readonly Subscription[]): Promise<void> {
  const film = await filmFrom(address);
  if (film === undefined) return showCover({ title: "The site has no such film", text: address.site });
  const watching = new Watching(address, film, video, () => draw(watching));
  const running = runningFor(address, all);
  if (running !== undefined) watching.take(running);
  setFields(film, running);
  write("seller", `sold by ${film.payee.slice(0, 8)}…${film.payee.slice(-6)} at ${new URL(address.site).host}`);
  watching.prepare(running?.windowUnits ?? film.windowUnits);
  listen(watching);
  draw(watching);
  void quote(film);
}
/** Waits for a site that is away. */
async function filmFrom(address: FilmAddress): Promise<Film | undefined> {
  for (;;) {
    try {
      return await filmAt(address);
    } catch {
      showCover({ title: "The site does not answer", text: `Trying ${address.site} again.` });
      await new Promise((resolve) => setTimeout(resolve, SITE_AGAIN_MS));
    }
  }
}

function setFields(film: Film, running: Subscription | undefined): void {
  showFilm(film);
  const choices = Array.from({ length: film.windowUnits }, (_, at) => at + 1).filter((units) => units > 1);
  for (const units of choices.length > 0 ? choices : [1]) {
    windowField.add(new Option(String(units * film.unitSeconds), String(units)));
  }
  windowField.value = String(film.windowUnits);
  capField.value = suggestedCapSat(BigInt(film.priceMsatPerUnit), film.units).toString();
  showLimits(film, running?.windowUnits ?? film.windowUnits);
}
/** What routers take of a second on the way that there is now. */
async function quote({ payee, priceMsatPerUnit }: Film): Promise<void> {
  try {
    const { feeMsat } = await ask<Quote>("POST", "/v1/routes", { to: payee, amountMsat: priceMsatPerUnit });
    write("price-note", `and ${satText(feeMsat)} sat to routers`);
  } catch (error) {
    write("price-note", error instanceof Refused ? "no way to the site yet" : "your node is away");
  }
}

function listen(watching: Watching): void {
  playButton.addEventListener("click", () => void play(watching));
  stopButton.addEventListener("click", () => {
    video.controls = false;
    void watching.stop();
  });
  element("form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (watching.stage === "ready") void play(watching);
  });
  windowField.addEventListener("change", () => {
    showLimits(watching.film, Number(windowField.value));
    watching.prepare(Number(windowField.value));
  });
  element("logout", HTMLButtonElement).addEventListener("click", () => {
    void ask("DELETE", "/v1/logins/current").finally(() => location.reload());
  });
  for (const happened of ["timeupdate", "seeked", "play", "pause", "waiting", "playing", "ended"]) {
    video.addEventListener(happened, () => {
      watching.moved();
      draw(watching);
    });
  }
  followEvents(["stream.*"], {
    onConnection: () => void watching.refresh(),
    onEvent: (_type, { session }) => {
      if (session === watching.subscription?.id) void watching.refresh();
    },
  });
  setInterval(() => draw(watching), DRAW_MS);
  setInterval(() => {
    if (watching.slow || watching.stage === "closing") void watching.refresh();
  }, LOOK_MS);
}

async function play(watching: Watching): Promise<void> {
  if (watching.stage === "closed") return location.reload();
  if (watching.over !== undefined) return watching.fromTheStart();
  if (watching.subscription === undefined && !capField.reportValidity()) return;
  refusal = undefined;
  starting = true;
  draw(watching);
  try {
    await watching.play({ capMsat: BigInt(capField.value) * 1000n, windowUnits: Number(windowField.value) });
    video.controls = true;
    video.focus({ preventScroll: true });
  } catch (error) {
    refusal = error instanceof Error ? error.message : "It cannot be played.";
  }
  starting = false;
  draw(watching);
}

function draw(watching: Watching): void {
  const { film, subscription, watched, stage, nodeReached, siteReached, held, over } = watching;
  const before = stage === "ready";
  show("window", before);
  show("ahead", !before);
  show("cap", before);
  show("cap-shown", !before);
  stopButton.disabled = stage !== "open";
  playButton.disabled = starting;
  if (subscription !== undefined) showAccount(film, subscription, watched);
  showBar(film, subscription, watched);
  const { paused, ended, readyState, seeking } = video;
  const again = watched.units.has(Math.floor(watched.at / film.unitSeconds));
  const stalled = !paused && !ended && (readyState < HTMLMediaElement.HAVE_FUTURE_DATA || seeking);
  const situation: Situation = {
    stage,
    paused: paused && !ended,
    stalled,
    atEnd: ended,
    again,
    nodeReached,
    siteReached: siteReached && !(watching.slow && held === undefined),
    held,
    over,
  };
  showStatus(statusOf(situation));
  write("connection", connectionOf(situation));
  showCover(coverOf(watching, stalled));
}

function connectionOf({ nodeReached, siteReached }: Situation): string {
  if (!nodeReached) return "your node is away";
  return siteReached ? "node and site connected" : "the site is away";
}

function coverOf(watching: Watching, stalled: boolean): Cover | undefined {
  const { film, stage, begun, over, subscription, receipt } = watching;
  if (stage === "closed" && subscription !== undefined) {
    const { paidMsat, feesMsat, id } = subscription;
    const all = satText(BigInt(paidMsat) + BigInt(feesMsat));
    const units = receipt?.units ?? 0;
    const signed = receipt?.payeeSignature === null ? "\nThe site has not signed this account." : "";
    return {
      title: `${all} sat paid in all`,
      text: `${satText(paidMsat)} sat for ${units * film.unitSeconds} seconds, ${satText(feesMsat)} sat to routers.${signed}`,
      button: "Open a new session",
      ...(receipt && { receipt: `/v1/subscriptions/${id}/receipt` }),
    };
  }
  const hasUnits = subscription !== undefined && subscription.unlocked.length > 0;
  if (over !== undefined && (stalled || !begun))
    return { ...endText(over), ...(begun && hasUnits && { button: "Watch again" }) };
  if (stage === "closing" || begun) return undefined;
  const price = BigInt(film.priceMsatPerUnit) === 0n ? "free" : `${satText(film.priceMsatPerUnit)} sat ${per(film)}`;
  return {
    text: refusal ?? HOW,
    button: `${stage === "open" ? "Go on" : "Play"} · ${price}`,
  };
}
const HOW = "Each second is paid for when the player needs it.\nWhile you pause, nothing is paid.";
const per = ({ unitSeconds }: Film): string => (unitSeconds === 1 ? "a second" : `for ${unitSeconds} seconds`);

void main();
