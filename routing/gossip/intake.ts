import type { Gossip } from "../graph/apply.ts";

/**
 * One peer's gossip that waits for its turn: judging may have to wait for the chain. Bounded by count and by bytes;
 * beyond that the peer's own oldest messages are dropped, as gossip can be asked for again (RELIABILITY D9, D10).
 */
export interface Intake {
  readonly waiting: Gossip[];
  bytes: number;
  dropped: number;
}

/** Policy, not protocol. */
const INTAKE_MESSAGES_MAX = 10_000;
const INTAKE_BYTES_MAX = 2 * 1024 * 1024;
/** Of all peers together: read messages take seven times as much. Policy, not protocol. */
const INTAKES_BYTES_MAX = 32 * 1024 * 1024;

export const emptyIntake = (): Intake => ({ waiting: [], bytes: 0, dropped: 0 });

/**
 * Puts a message at the end of its peer's queue.
 *
 * @param all every peer's, this one among them: beyond what they may hold together the longest loses its oldest messages
 */
export function enqueue(intake: Intake, gossip: Gossip, all: Iterable<Intake>): void {
  intake.waiting.push(gossip);
  intake.bytes += gossip.bytes.length;
  while (intake.waiting.length > INTAKE_MESSAGES_MAX || intake.bytes > INTAKE_BYTES_MAX) drop(intake);
  let together = 0;
  let longest = intake;
  for (const one of all) {
    together += one.bytes;
    if (one.bytes > longest.bytes) longest = one;
  }
  for (; together > INTAKES_BYTES_MAX && longest.waiting.length > 0; together -= drop(longest)) {}
}
function drop(intake: Intake): number {
  intake.dropped++;
  return dequeue(intake)?.bytes.length ?? 0;
}

/** Takes the next message, the oldest first. */
export function dequeue(intake: Intake): Gossip | undefined {
  const next = intake.waiting.shift();
  if (next !== undefined) intake.bytes -= next.bytes.length;
  return next;
}
