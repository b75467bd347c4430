/**
 * How a call that may be refused answers. Refusals are values (`Result`), our own bugs are throws (`assert`,
 * `unreachable`): a caller can forget a `catch`, but cannot read `value` before it has looked at `ok`.
 */
export type Result<T, E> = Ok<T> | Err<E>;
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });
export const err = <E>(error: E): Err<E> => ({ ok: false, error });

/** What an `assert` throws: a bug of ours, never a fault of a peer or user. The process stops with its journal intact. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** States what must hold. A false condition is a bug of ours and throws `AssertionError`. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new AssertionError(claim);
}

/** Closes a `switch` over a closed union: a new member breaks the build here before it can break a node. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

/** The value, or an `AssertionError` naming the claim: for what earlier checks have already made certain. */
export function present<T>(value: T | undefined | null, claim: string): T {
  if (value === undefined || value === null) throw new AssertionError(claim);
  return value;
}
