import type { Screen } from "./terminal.ts";

const COLUMNS_DEFAULT = 80;

/** A stream of this process, as wide as its window is at the moment. */
export const screen = (stream: NodeJS.WriteStream): Screen => ({
  isTerminal: stream.isTTY === true,
  get columns() {
    return stream.columns ?? COLUMNS_DEFAULT;
  },
  write: (text) => void stream.write(text),
});
