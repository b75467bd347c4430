import type { Problem } from "../api/faults.ts";
import { grouped } from "./amounts.ts";
import { CliFault, EXIT, type ExitCode, exitOfCode } from "./exit.ts";
import { ApiError } from "./http.ts";
import { type Screen, shown } from "./terminal.ts";

/** What stderr says of a command that failed: the API's own problem document, or one of that form (RFC 9457). */
export interface Told {
  readonly exit: ExitCode;
  readonly problem: Readonly<Record<string, unknown>>;
}

const OWN: { readonly [E in Exclude<ExitCode, 0>]: readonly [code: string, title: string] } = {
  [EXIT.other]: ["FAILED", "Failed"],
  [EXIT.usage]: ["USAGE", "Wrong usage"],
  [EXIT.connect]: ["UNREACHABLE", "No daemon"],
  [EXIT.auth]: ["UNAUTHORIZED", "No token"],
  [EXIT.notFound]: ["NOT_FOUND", "Not found"],
  [EXIT.paymentFailed]: ["PAYMENT_FAILED", "Payment failed"],
  [EXIT.notSynced]: ["CHAIN_NOT_SYNCED", "Chain not synced"],
};

/** Undefined for what is a bug of ours. */
export function toldOf(error: unknown): Told | undefined {
  if (error instanceof ApiError) {
    const { problem, status } = error;
    return { exit: problem.code === undefined ? ofStatus(status) : exitOfCode(problem.code), problem };
  }
  if (!(error instanceof CliFault) || error.exit === EXIT.ok) return undefined;
  const [code, title] = OWN[error.exit];
  const { hint } = error;
  const type = `urn:sluice:problem:${code.toLowerCase().replaceAll("_", "-")}`;
  return {
    exit: error.exit,
    problem: { type, title, detail: error.message, code, ...(hint !== undefined && { hint }) },
  };
}
const ofStatus = (status: number): ExitCode =>
  status === 401 || status === 403 ? EXIT.auth : status === 404 ? EXIT.notFound : EXIT.other;

/** Amounts in a sentence as people read them. */
const readable = (sentence: string): string => sentence.replaceAll(/\b\d{4,}(?= m?sat\b| to \d+ sat\b)/g, grouped);

export function tell({ problem }: Told, asJson: boolean, screen: Screen): void {
  if (asJson) return screen.write(`${JSON.stringify(problem)}\n`);
  const { title, detail, hint, errors } = problem as Partial<Problem>;
  const lines = [`${title ?? "Refused"}: ${readable(detail ?? "the daemon gave no reason.")}`];
  // A field alone, where what is wrong with it has just been said.
  for (const { pointer, detail: why } of errors ?? [])
    lines.push(why === detail ? `  ${pointer}` : `  ${pointer} ${why}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  screen.write(`${lines.map(shown).join("\n")}\n`);
}
