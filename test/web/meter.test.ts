import { expect } from "chai";
import type { Film, Subscription } from "../../src/web/answers.ts";
import { NOTHING_WATCHED, paidAhead, played, spent, stretches, type Watched } from "../../src/web/meter.ts";

const film: Film = {
  id: "str_1",
  title: "A film",
  payee: "02",
  units: 20,
  unitSeconds: 2,
  priceMsatPerUnit: "2000",
  freeUnits: 1,
  windowUnits: 4,
};
const session = (...unlocked: number[]): Subscription => ({
  id: "ses_1",
  stream: "str_1",
  site: "http://127.0.0.1:1",
  state: "open",
  priceMsatPerUnit: "2000",
  paidMsat: "6000",
  feesMsat: "6",
  owedMsat: "0",
  capMsat: "10000",
  windowUnits: 4,
  unlocked,
});
const watched = (at: number, ...units: number[]): Watched => ({ at, units: new Set(units) });

describe("what is watched", () => {
  it("are the units that playback has passed the end of", () => {
    expect(played(NOTHING_WATCHED, 1.9, 2)).to.deep.equal(watched(1.9));
    expect(played(watched(1.9), 2, 2)).to.deep.equal(watched(2, 0));
    expect(played(watched(1.9, 7), 6.1, 2)).to.deep.equal(watched(6.1, 7, 0, 1, 2));
  });
});

describe("what is paid for and not watched", () => {
  it("is every paid second that playback has not passed, whether before it or after", () => {
    expect(paidAhead(session(1, 2, 3), film, NOTHING_WATCHED)).to.equal(6);
    expect(paidAhead(session(1, 2, 3), film, watched(3.5, 0))).to.equal(4.5);
    expect(paidAhead(session(1, 2, 3, 9), film, watched(18, 0, 1))).to.equal(6);
  });
  it("leaves out what costs nothing and what was watched, also while it is watched again", () => {
    expect(paidAhead(session(0, 1), film, NOTHING_WATCHED)).to.equal(2);
    expect(paidAhead(session(1, 2), film, watched(3, 1, 2))).to.equal(0);
    expect(paidAhead(session(), film, NOTHING_WATCHED)).to.equal(0);
  });
});

describe("the bar", () => {
  it("draws neighbouring units as one stretch", () => {
    expect(stretches([3, 0, 1, 9, 2])).to.deep.equal([
      [0, 4],
      [9, 10],
    ]);
    expect(stretches([])).to.deep.equal([]);
  });
});

describe("the cap", () => {
  it("covers the fees of routers too", () => {
    expect(spent(session())).to.deep.equal({ total: 6_006n, left: 3_994n });
  });
});
