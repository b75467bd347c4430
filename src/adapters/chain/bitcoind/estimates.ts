import { type SatPerKw, satPerKw } from "../../../base/units.ts";
import type { Clock } from "../../../ports/world.ts";
import * as answers from "./answers.ts";
import type { Core } from "./core.ts";

/** How long an estimate holds. Policy, not protocol. */
const HOLDS_MS = 60_000;
const WEIGHT_PER_VBYTE = 4n;
/** No estimate is below what relay asks for or above what a fee should ever be, whatever the node says. */
const RATE_MIN = 253;
const RATE_MAX = 100_000;

/** Feerates of a Bitcoin Core, kept at hand: who asks does not wait. Until the first answer nothing is known. */
export class Estimates {
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #known = new Map<number, { rate: SatPerKw | undefined; asked: number }>();

  constructor(core: Core, clock: Clock) {
    this.#core = core;
    this.#clock = clock;
  }
  feerate(blocks: number): SatPerKw | undefined {
    const known = this.#known.get(blocks);
    if (known === undefined || this.#clock.now() - known.asked > HOLDS_MS) void this.#ask(blocks, known?.rate);
    return known?.rate;
  }
  async #ask(blocks: number, before: SatPerKw | undefined): Promise<void> {
    const entry = { rate: before, asked: this.#clock.now() };
    this.#known.set(blocks, entry);
    const answer = await this.#core.ask(answers.feeEstimate, "estimatesmartfee", blocks);
    if (!answer.ok) return;
    const { feerate } = answer.value;
    entry.rate =
      feerate === undefined
        ? undefined
        : satPerKw(Math.min(Math.max(Number(feerate / WEIGHT_PER_VBYTE), RATE_MIN), RATE_MAX));
  }
}
