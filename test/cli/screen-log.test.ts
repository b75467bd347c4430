import { expect } from "chai";
import { screenLog } from "../../src/cli/screen-log.ts";
import type { Log } from "../../src/ports/log.ts";

/** What is written, with the moment left out where it is one. */
function written(isTerminal: boolean, tell: (log: Log) => void): string {
  let text = "";
  tell(screenLog(isTerminal, (lines) => (text += lines)));
  return text.replaceAll(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= )/gm, "WHEN");
}
const forPeople = (tell: (log: Log) => void): string => written(true, tell);

describe("the log", () => {
  it("is lines of text for people: when, how grave, what, and all that is known of it", () => {
    expect(forPeople((log) => log.info("in step"))).to.equal("WHEN info  in step\n");
    const known = { peer: "02ab:9735", at: 812_400n, again: true, left: undefined };
    expect(forPeople((log) => log.warn("peer gone", known))).to.equal(
      "WHEN warn  peer gone  peer=02ab:9735 at=812400 again=true\n",
    );
    expect(forPeople((log) => log.error("failed", { why: "no coins", by: "" }))).to.equal(
      'WHEN error failed  why="no coins" by=""\n',
    );
  });
  it("is an object a line for programs", () => {
    const line = written(false, (log) => log.warn("peer gone", { peer: "02ab", at: 812_400n }));
    const { time, ...told } = JSON.parse(line) as Record<string, unknown>;
    expect(told).to.deep.equal({ level: 40, peer: "02ab", at: "812400", msg: "peer gone" });
    expect(time).to.be.a("number");
    expect(line.endsWith("}\n")).to.equal(true);
  });
  it("tells no secret to either", () => {
    for (const isTerminal of [true, false])
      expect(written(isTerminal, (log) => log.info("given", { preimage: "00ff", key: "11ee" })))
        .to.include("[Redacted]")
        .and.not.match(/00ff|11ee/);
  });
  it("shows the lines of a stack one below the other, inside of what they are told with", () => {
    const error = "Error: it broke\n    at here (a.ts:1)\n    at there (b.ts:2)";
    expect(forPeople((log) => log.error("halted", { error, code: 1 }))).to.equal(
      "WHEN error halted  code=1\n  error: Error: it broke\n      at here (a.ts:1)\n      at there (b.ts:2)\n",
    );
  });
  it("RELIABILITY D19: lets no text move the cursor, turn the line round or stand as a line of its own", () => {
    const text = "\u001b[2Jgone\u009b1A\u202ebackwards\r\nWHEN error a lie\u2028another";
    const shown = forPeople((log) => log.warn("peer warned", { text }));
    expect(shown).to.equal("WHEN warn  peer warned\n  text: ?[2Jgone?1A?backwards?\n  WHEN error a lie?another\n");
    expect(forPeople((log) => log.warn("\u001b[2J"))).to.equal("WHEN warn  ?[2J\n");
  });
});
