import { grouped } from "./amounts.ts";
import type { StatusLine } from "./status-line.ts";

/** How far a node is: of what, and how many of how many heights. */
export interface SyncStep {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}
const SYNCED = "synced";
/** Programs hear of it no more often. */
const LINE_MS = 5_000;
/** What is to come is judged by so much of what was last. */
const WINDOW_MS = 60_000;

/** Seconds until a stage is over if it goes on as of late; undefined while nobody can say. */
export class Pace {
  #seen: (SyncStep & { readonly at: number })[] = [];

  /** @param now  milliseconds */
  take(step: SyncStep, now: number): number | undefined {
    const last = this.#seen.at(-1);
    // Another stage, or a step back: what was says nothing of what comes.
    if (last !== undefined && (last.stage !== step.stage || last.done > step.done)) this.#seen = [];
    this.#seen = this.#seen.filter(({ at }) => now - at <= WINDOW_MS);
    this.#seen.push({ ...step, at: now });
    const first = this.#seen[0];
    if (first === undefined || first.done === step.done) return undefined;
    return Math.ceil(((step.total - step.done) * (now - first.at)) / (step.done - first.done) / 1000);
  }
}

const BAR_SQUARES = 20;
/** Such as `headers  ████░░░░  812,400/921,003 · 88 % · eta 3 min`. */
export function syncText({ stage, done, total }: SyncStep, etaS: number | undefined): string {
  if (stage === SYNCED) return `in step with the chain at height ${grouped(String(total))}`;
  const part = total === 0 ? 0 : Math.min(done / total, 1);
  const full = Math.floor(part * BAR_SQUARES);
  const bar = `${"█".repeat(full)}${"░".repeat(BAR_SQUARES - full)}`;
  const facts = [`${grouped(String(done))}/${grouped(String(total))}`, `${Math.floor(part * 100)} %`];
  if (etaS !== undefined) facts.push(`eta ${span(etaS)}`);
  return `${stage.padEnd(7)}  ${bar}  ${facts.join(" · ")}`;
}
function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Shows how a node comes into step with the chain. */
export interface SyncDisplay {
  show(step: SyncStep): void;
  /** Nothing more will be shown. */
  end(): void;
}
/** For people: one line that is drawn anew. */
export function syncLine(line: StatusLine, now: () => number): SyncDisplay {
  const pace = new Pace();
  return {
    show(step) {
      line.draw(syncText(step, pace.take(step, now())));
      if (step.stage === SYNCED) line.end();
    },
    end: () => line.end(),
  };
}
/** For programs: an object each five seconds at most, and one for the end. */
export function syncRecords(
  tell: (step: SyncStep & { readonly etaSeconds?: number }) => void,
  now: () => number,
): SyncDisplay {
  const pace = new Pace();
  let told = Number.NEGATIVE_INFINITY;
  return {
    show(step) {
      const etaSeconds = pace.take(step, now());
      if (step.stage !== SYNCED && now() - told < LINE_MS) return;
      told = now();
      tell({ ...step, ...(etaSeconds !== undefined && { etaSeconds }) });
    },
    end: () => undefined,
  };
}
/** What a daemon tells of its way, as its events say it. */
export function stepOf(type: string, data: Readonly<Record<string, unknown>>): SyncStep {
  if (type === "node.synced") return { stage: SYNCED, done: Number(data["height"]), total: Number(data["height"]) };
  return { stage: String(data["stage"]), done: Number(data["done"]), total: Number(data["total"]) };
}
