import { createInterface } from "node:readline";

/**
 * A line from a person, or from whatever is at the other end of a pipe. The question is shown to people alone, and what they
 * type to nobody: who stands behind them, and what records the screen, would have it.
 * @returns an empty line where none came before the end
 */
export function askSecret(
  question: string,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  const isPerson = input.isTTY === true;
  if (isPerson) output.write(question);
  // Without an output it edits the line of a terminal, which it keeps from showing it, and shows nothing itself.
  const lines = createInterface({ input, terminal: isPerson, historySize: 0 });
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      if (isPerson) output.write("\n");
      resolve("");
    });
  });
}
