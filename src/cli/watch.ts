import { setTimeout as wait } from "node:timers/promises";
import { msatOf, satText } from "./amounts.ts";
import type { Subscription } from "./answers.ts";
import type { SluiceClient } from "./client.ts";
import type { Session } from "./command.ts";
import { usage } from "./exit.ts";
import { record } from "./table.ts";
import type { Screen } from "./terminal.ts";

interface Watching {
  readonly site: string;
  readonly stream: string;
  readonly budget?: string;
  readonly maxUnpaid?: string;
  readonly units?: string;
  readonly pace?: string;
  readonly keepOpen?: boolean;
}

/** Opens a session, buys one unit after the other, closes it whatever happened, and shows the receipt. */
export async function watch({ client, terminal, asJson, show }: Session, given: Watching): Promise<void> {
  const { site, stream, budget = "10000sat", maxUnpaid = "1000sat", units = "", pace = "0", keepOpen } = given;
  if (!/^\d*$/.test(units) || !/^\d{1,4}(?:\.\d{1,3})?$/.test(pace)) throw usage("--units and --pace are numbers.");
  const node = await client();
  const opened = await node.subscribe({ site, stream, budgetMsat: msatOf(budget), maxUnpaidMsat: msatOf(maxUnpaid) });
  const interrupted = terminal.interruption();
  const display = asJson ? lines(terminal.out) : picture(terminal.out);
  const last = Math.min(units === "" ? opened.units : Number(units), opened.units);
  try {
    for (let unit = 0; unit < last && !interrupted.aborted; unit++) {
      const began = performance.now();
      await node.key(opened.id, unit);
      const ms = performance.now() - began;
      display(await node.subscription(opened.id), unit, Math.round(ms));
      await untilPaced(Number(pace) * 1000 - ms, interrupted);
    }
  } finally {
    if (keepOpen !== true) await node.close(opened.id);
  }
  if (keepOpen === true) show({ id: opened.id }, () => `session ${opened.id} stays open\n`);
  else await showReceipt(node, opened.id, show);
}
async function untilPaced(ms: number, interrupted: AbortSignal): Promise<void> {
  // Ctrl-C ends the waiting, not the account.
  if (ms > 0) await wait(ms, undefined, { signal: interrupted }).catch(() => undefined);
}

export async function showReceipt(node: SluiceClient, id: string, show: Session["show"]): Promise<void> {
  const receipt = await node.receipt(id);
  show(receipt, () =>
    record({
      stream: receipt.stream,
      units: receipt.units,
      paid: `${satText(receipt.paidMsat)} sat`,
      "first preimage": receipt.firstPreimage,
      "last preimage": receipt.lastPreimage,
      "our signature": receipt.payerSignature,
      "their signature": receipt.payeeSignature,
    }),
  );
}

type Display = (account: Subscription, unit: number, ms: number) => void;

/** For programs: a line of JSON for each unit. */
function lines(out: Screen): Display {
  return ({ id, priceMsatPerUnit, paidMsat, feesMsat, owedMsat, windowUnits, capMsat }, unit, ms) =>
    out.write(
      `${JSON.stringify({ subscription: id, unit, ms, priceMsatPerUnit, paidMsat, feesMsat, owedMsat, windowUnits, capMsat })}\n`,
    );
}

const BAR_SQUARES = 30;
/** For people: a bar and the account below it, drawn anew for each unit. */
function picture(out: Screen): Display {
  let drawn = false;
  return (account, unit, ms) => {
    const done = unit + 1;
    const full = Math.round((done / account.units) * BAR_SQUARES);
    const bar = `${"█".repeat(full)}${"░".repeat(BAR_SQUARES - full)}  ${done}/${account.units} units  ${ms} ms`;
    const sums = [
      `price ${satText(account.priceMsatPerUnit)}`,
      `paid ${satText(account.paidMsat)}`,
      `fees ${satText(account.feesMsat)}`,
      `owed ${satText(account.owedMsat)}`,
      `window ${account.windowUnits}`,
      `cap ${satText(account.capMsat)} sat`,
    ].join(" · ");
    const clear = drawn ? "\u001b[2A\u001b[J" : "";
    out.write(`${clear}${bar.slice(0, out.columns - 1)}\n${sums.slice(0, out.columns - 1)}\n`);
    drawn = true;
  };
}
