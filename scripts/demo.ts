import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderUnicodeCompact } from "uqr";
import { pageLink } from "../src/cli/page-link.ts";
import type { CheckReport, CheckRequest } from "./demo/check.ts";
import { until } from "./demo/client.ts";
import { judged, ROUTER_FEE } from "./demo/judged.ts";
import { play } from "./demo/player.ts";
import { CAPACITY_SAT, type Stage, sameTip, setStage, wordsOf } from "./demo/stage.ts";

const { values: flags } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "plant-leak": { type: "boolean", default: false },
    "plant-sat": { type: "string", default: "0" },
  },
});
const CLIP = join(import.meta.dirname, "..", "assets", "clip");
/** A second costs 100 sat, so that what the site earns is worth an output of its own when its channel closes. */
const PRICE_MSAT = "100000";
const UNITS = 20;

const say = (event: string, data: object, line: string): void =>
  console.log(flags.json ? JSON.stringify({ event, ...data }) : line);
const tell = (step: string, ms: number): void =>
  say("demo.step", { step, ms: Math.round(ms) }, ` ✔ ${step.padEnd(14)} ${(ms / 1000).toFixed(1)} s`);

interface Listing {
  readonly id: string;
  readonly units: number;
  readonly priceMsatPerUnit: string;
}
interface Subscription {
  readonly id: string;
  readonly paidMsat: string;
  readonly feesMsat: string;
  readonly unlocked: readonly number[];
}

async function offerStream(stage: Stage): Promise<Listing> {
  return stage.site.api.post<Listing>("/v1/streams", {
    title: "Test clip",
    source: CLIP,
    segmentSeconds: 1,
    priceMsatPerSecond: PRICE_MSAT,
    freeSeconds: 0,
  });
}

/** Plays the clip to its end, closes everything, and lets the checking program judge. */
async function once(stage: Stage): Promise<boolean> {
  const { viewer, site, siteUrl } = stage;
  const listing = await offerStream(stage);
  const budgetMsat = String(BigInt(PRICE_MSAT) * BigInt(UNITS) * 2n);
  const opened = await viewer.api.post<Subscription>("/v1/subscriptions", {
    site: siteUrl,
    stream: listing.id,
    budgetMsat,
    maxUnpaidMsat: "400000",
  });
  const played = await play({
    viewer: viewer.api,
    subscription: opened.id,
    site: siteUrl,
    stream: listing.id,
    original: CLIP,
    onUnit: (unit, ms) =>
      say(
        "stream.unit",
        { unit, ms: Math.round(ms) },
        `   unit ${String(unit).padStart(2)}  ${PRICE_MSAT} msat  ${ms.toFixed(0)} ms`,
      ),
  });
  const paid = await viewer.api.get<Subscription>(`/v1/subscriptions/${opened.id}`);
  const way = await viewer.api.post<{ hops: readonly object[] }>("/v1/routes", {
    to: site.started.nodeId,
    amountMsat: PRICE_MSAT,
  });
  await viewer.api.post(`/v1/subscriptions/${opened.id}/close`);
  await until("the site's account", async () => {
    const { data } = await site.api.get<{ data: { type: string }[] }>("/v1/events?limit=500");
    return data.some(({ type }) => type === "stream.session_closed");
  });
  await closeAll(stage);
  const report = await check(stage);
  const finished =
    report.conserved &&
    report.secretsLeaked === 0 &&
    played.right === UNITS &&
    report.paidMsat === paid.paidMsat &&
    report.routerFeeMsat === paid.feesMsat;
  for (const problem of report.problems) say("demo.problem", { problem }, ` ✘ ${problem}`);
  say("demo.checked", report, ` ✔ account       paid ${report.paidMsat} msat, router ${report.routerFeeMsat} msat`);
  const summary = {
    segments: played.right,
    paidMsat: report.paidMsat,
    routerFeeMsat: report.routerFeeMsat,
    hops: way.hops.length,
    conserved: report.conserved,
    secretsLeaked: report.secretsLeaked,
  };
  say("demo.finished", summary, ` ${finished ? "✔" : "✘"} finished       ${JSON.stringify(summary)}`);
  return finished;
}

/** Both channels are closed by agreement, and the closes mined. */
async function closeAll({ viewer, router, site }: Stage): Promise<void> {
  for (const daemon of [viewer, router]) {
    const { data } = await daemon.api.get<{ data: { id: string; opener: string }[] }>("/v1/channels");
    for (const { id, opener } of data) {
      if (opener === "local") await daemon.api.post(`/v1/channels/${id}/close`);
    }
  }
  await until("both closes at the miner", async () => {
    const { mempool } = await site.api.get<{ mempool: { transactions: number } }>("/v1/chain");
    return mempool.transactions >= 2;
  });
  await site.api.post("/v1/chain/mine", { blocks: 1 });
  await sameTip([viewer, router, site]);
}

async function check(stage: Stage): Promise<CheckReport> {
  const captures = join(stage.folder, "captures");
  const words = await wordsOf(stage);
  if (flags["plant-leak"]) await plantLeak(captures, stage);
  for (const made of stage.taps) made.cut();
  const request: CheckRequest = {
    chainPort: stage.router.started.chainPort,
    captures,
    words,
    fee: ROUTER_FEE,
    plantedSat: Number(flags["plant-sat"]),
  };
  return judged(stage.folder, request);
}

/** For the test of the checking program: the key of unit 0, as if the site had said it aloud. */
async function plantLeak(captures: string, { viewer }: Stage): Promise<void> {
  const { data } = await viewer.api.get<{ data: Subscription[] }>("/v1/subscriptions");
  const key = await viewer.api.bytes(`/v1/subscriptions/${data[0]?.id}/keys/0`);
  await writeFile(join(captures, "planted.down"), key);
}

/** Stays up: what there is to try is printed. */
async function stay(stage: Stage): Promise<void> {
  const listing = await offerStream(stage);
  const invoice = await stage.site.api.post<{ bolt11: string }>("/v1/invoices", {
    amountMsat: "25000",
    description: "A coffee",
    expirySeconds: 86_400,
  });
  const { viewer, router, site, siteUrl, folder } = stage;
  const { code } = await viewer.api.post<{ code: string }>("/v1/login-links");
  const page = pageLink({ url: viewer.started.api, site: siteUrl, stream: listing.id, code });
  const daemons = [viewer, router, site].map(({ name, started }) => ({ name, ...started }));
  say(
    "demo.ready",
    { page, folder, daemons, site: siteUrl, stream: listing.id, invoice: invoice.bolt11, capacitySat: CAPACITY_SAT },
    [
      "",
      "   Watch the clip in a browser, paid by the second from the viewer's node:",
      `     ${page}`,
      "   The link is good once, for five minutes. Another one:",
      `     npm run sluice -- --datadir ${join(folder, "viewer")} stream page ${siteUrl} ${listing.id}`,
      "",
      ...daemons.map(({ name, nodeId, api }) => `   ${name.padEnd(8)} ${api}   ${nodeId}`),
      `   tokens   ${join(folder, "viewer", "admin.token")} (and router, site)`,
      "",
      "   Try a payment, viewer → router → site:",
      `     npm run sluice -- --datadir ${join(folder, "viewer")} pay ${invoice.bolt11}`,
      "",
      renderUnicodeCompact(invoice.bolt11.toUpperCase()),
      "",
      "   Watch the clip without a browser:",
      `     npm run sluice -- --datadir ${join(folder, "viewer")} stream watch ${siteUrl} ${listing.id}`,
      "",
      "   Play money only. Stop: Ctrl-C",
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}

const folder = await mkdtemp(join(tmpdir(), "sluice-demo-"));
let done = false;
try {
  const stage = await setStage({ folder, tell });
  try {
    if (flags.once) done = await once(stage);
    else {
      await stay(stage);
      done = true;
    }
  } finally {
    await stage.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = done ? 0 : 1;
