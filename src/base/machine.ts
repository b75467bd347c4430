/**
 * What a step of a payment, invoice, relay or stream gives: the next state and what to do about it. Effects are values;
 * the host writes `next` durably before it performs any of them, unless `next` is the state it had.
 */
export interface Step<State, Effect> {
  readonly next: State;
  readonly effects: readonly Effect[];
}
export const step = <State, Effect>(next: State, ...effects: readonly Effect[]): Step<State, Effect> => ({
  next,
  effects,
});
