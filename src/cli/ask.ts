import { createInterface } from "node:readline";

/** A line from a person, or from whatever is at the other end of a pipe. The question is shown to people alone. */
export function ask(question: string): Promise<string> {
  const isPerson = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, ...(isPerson && { output: process.stderr }) });
  return new Promise((resolve) => {
    lines.once("close", () => resolve(""));
    lines.question(isPerson ? question : "", (line) => {
      resolve(line);
      lines.close();
    });
  });
}
