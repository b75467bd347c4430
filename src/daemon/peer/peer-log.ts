import type { NodeId } from "../../base/ids.ts";
import type { Log, LogFields } from "../../ports/log.ts";
import type { Clock } from "../../ports/world.ts";

/** Policy, not protocol: of what one peer brings about so many lines are written, and the rest is counted until the time is over. */
export const PEER_LINES_MAX = 10;
export const PEER_LINES_MS = 3_600_000;

interface Allowance {
  written: number;
  leftOut: number;
}

/**
 * The log of what peers bring about by a message: theirs are the words, and how often they come. The first are written, and
 * how many were left out. Peers without a channel share what one may write: they are whoever they want to be.
 */
export class PeerLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #hasFunded: (peer: NodeId) => boolean;
  readonly #allowances = new Map<NodeId | undefined, Allowance>();

  constructor({ log, clock }: { readonly log: Log; readonly clock: Clock }, hasFunded: (peer: NodeId) => boolean) {
    this.#log = log;
    this.#clock = clock;
    this.#hasFunded = hasFunded;
  }
  info(peer: NodeId, event: string, fields: LogFields): void {
    if (this.#isAllowed(peer)) this.#log.info(event, { peer, ...fields });
  }
  warn(peer: NodeId, event: string, fields: LogFields): void {
    if (this.#isAllowed(peer)) this.#log.warn(event, { peer, ...fields });
  }

  #isAllowed(peer: NodeId): boolean {
    const whose = this.#hasFunded(peer) ? peer : undefined;
    const allowance = this.#allowances.get(whose) ?? this.#begin(whose);
    if (allowance.written < PEER_LINES_MAX) {
      allowance.written++;
      return true;
    }
    if (allowance.leftOut === 0) this.#log.warn("lines about a peer are left out", known(whose));
    allowance.leftOut++;
    return false;
  }
  #begin(whose: NodeId | undefined): Allowance {
    const allowance = { written: 0, leftOut: 0 };
    this.#allowances.set(whose, allowance);
    this.#clock.after(PEER_LINES_MS, () => {
      this.#allowances.delete(whose);
      const { leftOut } = allowance;
      if (leftOut > 0) this.#log.warn("lines about a peer were left out", { ...known(whose), leftOut });
    });
    return allowance;
  }
}
const known = (whose: NodeId | undefined): LogFields => ({ peer: whose ?? "any without a channel" });
