/** What runs in the foreground until it is stopped: a module beside the command line. */
export type Program = "main" | "signer";

/** What the commands know of the world around them. */
export interface Terminal {
  /** What a person types to run this program. */
  readonly called: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Screen;
  readonly err: Screen;
  /** From this call on the first Ctrl-C aborts the signal instead of ending the process: the command ends in good order. */
  readonly interruption: () => AbortSignal;
  /** A line from a person, who types it unseen, or from whatever is at the other end of a pipe. Only people see the question. */
  readonly askSecret: (question: string) => Promise<string>;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  /** Runs a daemon or a signer with these flags; resolves with its exit code once it has ended. */
  readonly run: (program: Program, flags: readonly string[]) => Promise<number>;
}
export interface Screen {
  /** People read a terminal, programs read a pipe. */
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** One line of a text from elsewhere, safe on a terminal: control characters could move the cursor or hide what is true. */
export const shown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
