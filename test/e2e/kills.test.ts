import { expect } from "chai";
import { type Ended, runScript } from "./json-program.ts";

const KILLS_MS_MAX = 180_000;

/** Runs some performances of the demo with kills, as `npm run kills -- --json` does. */
const kills = (...flags: readonly string[]): Promise<Ended> => runScript("kills", "--json", ...flags);
const without = (line: Readonly<Record<string, unknown>> | undefined, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(line ?? {}).filter(([name]) => !names.includes(name)));

/** In the middle of opening, of paying and of closing; and at moments when no write or send is near. */
const OPENING = "viewer=send:commitment_signed:1:after,router=send:accept_channel2:1:before,site=append:8:after";
const PAYING = "viewer=append:60:before,router=send:revoke_and_ack:9:after,site=send:update_fulfill_htlc:7:before";
const MOMENTS = "viewer@4100,router@2300,site@3200";
const NOWHERE = "site=append:90000:before";

describe("the demo, its daemons killed by kill -9", function () {
  this.timeout(KILLS_MS_MAX);

  it("plays to its end, and the account is exact: a sample of `npm run kills`", async () => {
    const { code, lines } = await kills("--jobs", "2", "--plan", OPENING, "--plan", PAYING, "--plan", MOMENTS);
    expect(lines.flatMap(({ problems = [] }) => problems)).to.deep.equal([]);
    expect(without(lines.at(-1), "seconds")).to.deep.equal({
      event: "kills.finished",
      runs: 3,
      kills: 9,
      missed: [],
      failed: 0,
      replays: [],
    });
    expect(code).to.equal(0);
  });
  it("says so when the account is wrong by a satoshi, and when somebody was not killed where he was to be", async () => {
    const { code, lines } = await kills("--plan", NOWHERE, "--plant-sat", "1");
    expect(lines[0]?.["problems"]).to.have.length(1);
    expect(String(lines[0]?.["problems"])).to.match(/^site holds \d+ sat: 1000 msat beside its account$/);
    expect(without(lines.at(-1), "seconds")).to.deep.equal({
      event: "kills.finished",
      runs: 1,
      kills: 0,
      missed: [NOWHERE],
      failed: 1,
      replays: [`npm run kills -- --plan ${NOWHERE}`],
    });
    expect(code).to.equal(1);
  });
});
