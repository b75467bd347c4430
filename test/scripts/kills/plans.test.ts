import { expect } from "chai";
import { allPlans, notReached, type Places, parsePlan, planText } from "../../../scripts/kills/plans.ts";
import { ROLES } from "../../../scripts/kills/run.ts";

const PLACES: Places = {
  places: {
    viewer: ["append:1", "send:open_channel:1", "append:2"],
    router: ["append:1", "append:2", "append:3", "send:shutdown:1"],
    site: ["append:1"],
  },
  ms: 9_000,
};
const NOBODY = { viewer: 0, router: 0, site: 0 };

describe("the plans of all kills", () => {
  const plans = allPlans(PLACES, 2, 1);
  const fail = (of: readonly (typeof plans)[number][], role: (typeof ROLES)[number]): readonly string[] =>
    of.flatMap(({ failPoints }) => failPoints[role] ?? []);

  it("begin with moments at which each daemon is killed", () => {
    expect(plans.slice(0, 2).map(({ moments }) => moments?.map(({ role }) => role))).to.deep.equal([ROLES, ROLES]);
    const moments = plans.flatMap(({ moments = [] }) => moments.map(({ atMs }) => atMs));
    expect(moments.filter((atMs) => atMs < 0 || atMs > PLACES.ms)).to.deep.equal([]);
  });
  it("have each daemon killed once before and once after each of its places", () => {
    for (const role of ROLES) {
      const all = PLACES.places[role].flatMap((place) => [`${place}:before`, `${place}:after`]);
      expect([...fail(plans, role)].sort(), role).to.deep.equal(all.sort());
    }
  });
  it("come to every place once before they come to any a second time", () => {
    const placesOf = fail(plans.slice(2, 6), "router").map((point) => point.replace(/:(before|after)$/, ""));
    expect([...placesOf].sort()).to.deep.equal([...PLACES.places.router].sort());
  });
  it("are the same for the same seed, others for another", () => {
    expect(allPlans(PLACES, 2, 1)).to.deep.equal(plans);
    expect(allPlans(PLACES, 2, 2)).to.not.deep.equal(plans);
  });
  it("keep their order when a run writes once more", () => {
    const more = { ...PLACES.places, router: [...PLACES.places.router, "append:4"] };
    const without = fail(allPlans({ ...PLACES, places: more }, 2, 1), "router").filter(
      (p) => !p.startsWith("append:4"),
    );
    expect(without).to.deep.equal(fail(plans, "router"));
  });
});

describe("a plan as text", () => {
  it("is read as it is written", () => {
    for (const text of [
      "viewer=append:12:before,site=send:shutdown:1:after",
      "router=append:1:after,viewer@0,site@1500",
    ]) {
      expect(planText(parsePlan(text) ?? { failPoints: {} })).to.equal(text);
    }
  });
  it("names no daemon that there is not", () => {
    expect(parsePlan("bank=append:1:before")).to.equal(undefined);
  });
});

describe("places that were not reached", () => {
  it("are those of the daemons that did not die there", () => {
    const plan = { failPoints: { viewer: ["append:1:before"], site: ["append:900:before"] } };
    expect(notReached(plan, { ...NOBODY, viewer: 1 })).to.deep.equal([{ failPoints: { site: ["append:900:before"] } }]);
    expect(notReached(plan, { ...NOBODY, viewer: 1, site: 1 })).to.deep.equal([]);
  });
});
