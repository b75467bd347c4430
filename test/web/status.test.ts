import { expect } from "chai";
import type { Problem } from "../../src/web/answers.ts";
import { endText, type Situation, statusOf } from "../../src/web/status.ts";

const playing: Situation = {
  stage: "open",
  paused: false,
  stalled: false,
  atEnd: false,
  again: false,
  nodeReached: true,
  siteReached: true,
  held: undefined,
  over: undefined,
};
const problem = (code: string, reason?: string): Problem => ({ code, detail: "the detail", retryable: true, reason });
const said = (change: Partial<Situation>): string => {
  const { mood, text } = statusOf({ ...playing, ...change });
  return `${mood}: ${text}`;
};

describe("the one line of a page that says how it stands", () => {
  it("says that something is paid only while something may be", () => {
    expect(said({})).to.equal("paying: Playing, and paying as it plays.");
    expect(said({ paused: true })).to.equal("calm: Paused. Nothing is paid.");
    expect(said({ again: true })).to.equal("calm: Watching again what is paid for. Nothing is paid.");
    expect(said({ stage: "ready" })).to.equal("calm: Nothing is paid before you press play.");
    expect(said({ stage: "closed", over: problem("NEED_TOPUP") })).to.equal("calm: Settled. Nothing more is paid.");
  });
  it("tells a site that is away from a node that is away, and both from a payment that finds no way", () => {
    const away = "alarm: The site does not answer. It goes on by itself when it does.";
    expect(said({ siteReached: false, paused: true })).to.equal(away);
    expect(said({ held: problem("PAYMENT_REQUIRED", "PEER_UNREACHABLE") })).to.equal(
      "alarm: The site does not answer. It goes on by itself.",
    );
    expect(said({ held: problem("PAYMENT_REQUIRED", "NO_ROUTE") })).to.equal(
      "alarm: Your node finds no way to the site. It goes on by itself.",
    );
    expect(said({ held: problem("PAYMENT_REQUIRED", "OTHER") })).to.equal(
      "alarm: The next second could not be paid: the detail. It goes on by itself.",
    );
    expect(said({ nodeReached: false, siteReached: false })).to.equal(
      "alarm: Your node does not answer. It goes on by itself when it does.",
    );
    expect(said({ stage: "closing", nodeReached: false })).to.match(
      /^alarm: .*settled when it does; nothing is paid\.$/,
    );
  });
  it("says why paying has ended before anything else", () => {
    expect(said({ over: problem("NEED_TOPUP"), siteReached: false })).to.equal(
      "alarm: The cap is reached. Nothing more is paid.",
    );
    expect(endText(problem("SESSION_CLOSED")).title).to.equal("The session was closed");
    expect(endText(problem("UNHEARD_OF"))).to.deep.equal({ title: "Paying has stopped", text: "the detail" });
  });
});
