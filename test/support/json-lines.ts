import type { Runner, Test } from "mocha";

/**
 * A mocha reporter for programs: a JSON array a line, its kind first. Mocha's own `json-stream` cannot tell of tests that
 * run in several processes.
 */
class JsonLines {
  constructor(runner: Runner) {
    const tell = (...line: readonly [string, object]): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
    const told = (test: Test) => ({ fullTitle: test.fullTitle(), duration: test.duration });
    runner.once("start", () => tell("start", {}));
    runner.on("pass", (test) => tell("pass", told(test)));
    runner.on("fail", (test, error: Error) => {
      tell("fail", { ...told(test), err: error.message, stack: error.stack ?? null });
    });
    runner.once("end", () => tell("end", {}));
  }
}

// Mocha takes a reporter by this name.
export { JsonLines as default };
