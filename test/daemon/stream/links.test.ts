import { expect } from "chai";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { unixMs } from "../../../src/base/units.ts";
import { SiteLinks } from "../../../src/daemon/stream/links.ts";

/** Links to a site that takes every connection, and how many of them are open. */
function site(answer: () => Promise<unknown>) {
  const clock = virtualClock(unixMs(0));
  const seen = { opened: 0, open: 0 };
  const open = async () => {
    seen.opened++;
    seen.open++;
    const close = (): void => {
      seen.open--;
    };
    return { request: answer, close };
  };
  return { clock, seen, links: new SiteLinks({ open }, clock) };
}

describe("Links to sites", () => {
  it("leave none open to a site that takes connections and answers nothing", async () => {
    const { clock, seen, links } = site(() => Promise.reject(new Error("no answer in time")));
    const asked = links.request("http://site", "stream.close", {}, 5).catch(String);
    await clock.runUntil(unixMs(60_000));
    expect([await asked, seen]).to.deep.equal(["Error: no answer in time", { opened: 5, open: 0 }]);
  });
  it("keep the one that answers for the next request", async () => {
    const { seen, links } = site(async () => "answer");
    const answers = [await links.request("http://site", "a", {}), await links.request("http://site", "b", {})];
    expect([answers, seen]).to.deep.equal([["answer", "answer"], { opened: 1, open: 1 }]);
  });
});
