import type { Result } from "../../src/base/result.ts";

/** What was answered; fails where nothing was. */
export async function answer<T>(asked: Promise<Result<T, { readonly detail: string }>>): Promise<T> {
  const answered = await asked;
  if (!answered.ok) throw new Error(answered.error.detail);
  return answered.value;
}
