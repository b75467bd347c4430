import { expect } from "chai";
import type { Film, Subscription } from "../../src/web/answers.ts";
import { addressOf, fitsFilm, readFilm, runningFor, searchOf } from "../../src/web/film.ts";

const film: Film = {
  id: "str_1",
  title: "A film",
  payee: `02${"ab".repeat(32)}`,
  units: 20,
  unitSeconds: 1,
  priceMsatPerUnit: "100000",
  freeUnits: 0,
  windowUnits: 4,
};

describe("the address of a film's page", () => {
  it("names the site by its origin, and the stream", () => {
    const address = { site: "http://127.0.0.1:9739", stream: "str_1" };
    expect(addressOf("?site=http%3A%2F%2F127.0.0.1%3A9739%2F&stream=str_1")).to.deep.equal(address);
    expect(addressOf(searchOf(address))).to.deep.equal(address);
  });
  it("is none with another scheme, a path, a password, a stream that is a path, or nothing", () => {
    for (const [site, stream] of [
      ["javascript:alert(1)", "str_1"],
      ["file:///etc", "str_1"],
      ["http://a/b", "str_1"],
      ["http://u:p@a", "str_1"],
      ["http://a b", "str_1"],
      ["http://a", "../v1/x"],
      ["http://a", ""],
      ["", "str_1"],
    ] as const) {
      expect(addressOf(String(new URLSearchParams({ site, stream }))), `${site} ${stream}`).to.equal(undefined);
    }
  });
});

describe("what a site says of its film", () => {
  it("is taken when it is a film, without what else is said", () => {
    expect(readFilm({ ...film, more: 1 })).to.deep.equal(film);
    expect(readFilm({ ...film, title: "x".repeat(500), windowUnits: 1e9 })).to.deep.equal({
      ...film,
      title: "x".repeat(200),
      windowUnits: 30,
    });
  });
  it("is refused when a field is absent, of another type or beyond all bounds", () => {
    for (const change of [
      { id: 1 },
      { title: undefined },
      { payee: "me" },
      { units: 0 },
      { units: 1e12 },
      { units: "20" },
      { unitSeconds: 0 },
      { unitSeconds: 0.001 },
      { unitSeconds: Number.NaN },
      { priceMsatPerUnit: "-1" },
      { priceMsatPerUnit: "1e9" },
      { priceMsatPerUnit: 1000 },
      { priceMsatPerUnit: "9".repeat(40) },
      { freeUnits: 21 },
      { freeUnits: -1 },
      { windowUnits: 0 },
    ]) {
      expect(readFilm({ ...film, ...change }), JSON.stringify(change)).to.equal(undefined);
    }
    for (const said of [undefined, null, "film", 1, []]) expect(readFilm(said)).to.equal(undefined);
  });
  it("has to fit its playlist: as many segments as units, none much shorter than a unit but the last", () => {
    const seconds = Array<number>(20).fill(1);
    expect(fitsFilm(film, seconds)).to.equal(true);
    expect(fitsFilm(film, [...seconds.slice(1), 0.1])).to.equal(true);
    expect(fitsFilm(film, [0.5, ...seconds.slice(1)])).to.equal(true);
    expect(fitsFilm(film, [0.4, ...seconds.slice(1)])).to.equal(false);
    expect(fitsFilm(film, seconds.slice(1))).to.equal(false);
    expect(fitsFilm(film, [...seconds, 1])).to.equal(false);
  });
});

describe("the session that a page takes up", () => {
  it("is the newest one for this film at this site that is not closed", () => {
    const of = (id: string, site: string, stream: string, state: Subscription["state"]) =>
      ({ id, site, stream, state }) as Subscription;
    const address = { site: "http://a", stream: "s" };
    const all = [
      of("1", "http://a", "s", "open"),
      of("2", "http://a", "s", "paused"),
      of("3", "http://a", "s", "closed"),
      of("4", "http://b", "s", "open"),
      of("5", "http://a", "t", "open"),
    ];
    expect(runningFor(address, all)?.id).to.equal("2");
    expect(runningFor(address, all.slice(2))).to.equal(undefined);
  });
});
