interface FailedCommit extends Error {
  /** Rejects with what went wrong. */
  readonly commitError: Promise<never>;
}
const isFailedCommit = (error: unknown): error is FailedCommit =>
  error instanceof Error && "commitError" in error && error.commitError instanceof Promise;

/** What went wrong. LMDB's binding says it in a second promise beside the error of a write. */
export async function causeOf(error: unknown): Promise<Error> {
  try {
    if (isFailedCommit(error)) await error.commitError;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
  return error instanceof Error ? error : new Error(String(error));
}
