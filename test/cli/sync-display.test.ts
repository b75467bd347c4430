import { expect } from "chai";
import { StatusLine } from "../../src/cli/status-line.ts";
import { Pace, type SyncStep, stepOf, syncLine, syncRecords, syncText } from "../../src/cli/sync-display.ts";

const blocks = (done: number, total = 1000): SyncStep => ({ stage: "blocks", done, total });
/** A terminal of so many columns, and all that was written. */
function paper(columns = 100) {
  const written: string[] = [];
  return { written, line: new StatusLine({ isTerminal: true, columns, write: (text) => void written.push(text) }) };
}

describe("how long a sync will take", () => {
  it("is judged by how fast it went, over a minute at most", () => {
    const pace = new Pace();
    expect(pace.take(blocks(0), 0)).to.equal(undefined);
    expect(pace.take(blocks(100), 10_000)).to.equal(90);
    expect(pace.take(blocks(110), 60_000)).to.equal(486);
    expect(pace.take(blocks(150), 71_000)).to.equal(234);
  });
  it("is not known while nothing moves, in a new stage, or after a step back", () => {
    const pace = new Pace();
    pace.take({ stage: "headers", done: 10, total: 100 }, 0);
    expect(pace.take({ stage: "headers", done: 10, total: 100 }, 1000)).to.equal(undefined);
    expect(pace.take(blocks(50), 2000)).to.equal(undefined);
    expect(pace.take(blocks(40), 3000)).to.equal(undefined);
    expect(pace.take(blocks(50), 4000)).to.equal(95);
  });
});

describe("a sync in one line", () => {
  it("has a bar, grouped heights, a part that is never rounded up, and time in words", () => {
    expect(syncText({ stage: "headers", done: 812_400, total: 921_003 }, 170)).to.equal(
      "headers  █████████████████░░░  812,400/921,003 · 88 % · eta 3 min",
    );
    expect(syncText(blocks(999), 59)).to.equal("blocks   ███████████████████░  999/1,000 · 99 % · eta 59 s");
    expect(syncText(blocks(0, 0), undefined)).to.equal("blocks   ░░░░░░░░░░░░░░░░░░░░  0/0 · 0 %");
    expect(syncText(blocks(1), 3_541)).to.match(/ · eta 1 h 0 min$/);
    expect(syncText(blocks(1), 9_000)).to.match(/ · eta 2 h 30 min$/);
  });
  it("is drawn in its place, below what others write, and never wraps", () => {
    const { written, line } = paper(10);
    line.write("before\n");
    line.draw("0123456789");
    line.write("log\n");
    line.end();
    line.end();
    line.write("after\n");
    expect(written).to.deep.equal(["before\n", "\r\u001b[K012345678", "\r\u001b[Klog\n012345678", "\n", "after\n"]);
  });
  it("ends with the sync, and begins anew with another", () => {
    const { written, line } = paper();
    const display = syncLine(line, () => 0);
    display.show({ stage: "synced", done: 7, total: 7 });
    display.end();
    display.show(blocks(10, 20));
    display.end();
    expect(written).to.deep.equal([
      "\r\u001b[Kin step with the chain at height 7",
      "\n",
      "\r\u001b[Kblocks   ██████████░░░░░░░░░░  10/20 · 50 %",
      "\n",
    ]);
  });
});

describe("a sync for programs", () => {
  it("is an object each five seconds, and one for the end", () => {
    const told: unknown[] = [];
    let now = 0;
    const display = syncRecords(
      (step) => told.push(step),
      () => now,
    );
    for (const done of [0, 100, 200, 300, 400, 500, 600]) {
      display.show(blocks(done));
      now += 1000;
    }
    display.show({ stage: "synced", done: 1000, total: 1000 });
    expect(told).to.deep.equal([
      blocks(0),
      { ...blocks(500), etaSeconds: 5 },
      { stage: "synced", done: 1000, total: 1000 },
    ]);
  });
  it("is read from the daemon's events", () => {
    expect(stepOf("node.sync_progress", { ...blocks(3) })).to.deep.equal(blocks(3));
    expect(stepOf("node.synced", { height: 9 })).to.deep.equal({ stage: "synced", done: 9, total: 9 });
  });
});
