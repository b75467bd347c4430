import { expect } from "chai";
import fc from "fast-check";
import type { z } from "zod";
import {
  msatField,
  nodeUriField,
  positiveMsatField,
  positiveSatField,
  siteField,
  wholeField,
  wholeText,
} from "../../src/api/fields.ts";
import { MSAT_MAX, SAT_MAX } from "../../src/base/units.ts";

const value = (field: z.ZodType, input: unknown): unknown => field.safeParse(input).data;

describe("amounts in requests", () => {
  it("are read exactly, for every amount there can be", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MSAT_MAX }), (amount) => {
        expect(value(msatField, amount.toString())).to.equal(amount);
      }),
      { seed: 2 },
    );
  });
  it("refuse every other spelling of a number", () => {
    const spellings = [
      1,
      1.5,
      -0,
      Number.NaN,
      1n,
      null,
      true,
      [],
      ["1"],
      {},
      "",
      " 1",
      "1 ",
      "1\n",
      "+1",
      "-1",
      "-0",
      "01",
      "1.0",
    ];
    for (const input of [
      ...spellings,
      "1e3",
      "0x10",
      "0b1",
      "1_000",
      "1,000",
      "١",
      "NaN",
      "Infinity",
      "9".repeat(20),
    ]) {
      expect(msatField.safeParse(input).success, JSON.stringify(String(input))).to.equal(false);
    }
  });
  it("refuse any text that is not decimal digits, and never throw", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(?:0|[1-9]\d{0,18})$/.test(text));
        expect(msatField.safeParse(text).success).to.equal(false);
      }),
      { seed: 3 },
    );
  });
  it("are no more than 21 million coins, and where they must be, more than nothing", () => {
    expect(value(msatField, "0")).to.equal(0n);
    expect(value(msatField, (MSAT_MAX + 1n).toString())).to.equal(undefined);
    expect(value(positiveMsatField, "0")).to.equal(undefined);
    expect(value(positiveSatField, SAT_MAX.toString())).to.equal(SAT_MAX);
    expect(value(positiveSatField, (SAT_MAX + 1n).toString())).to.equal(undefined);
  });
});

describe("whole numbers in requests", () => {
  it("are bounded JSON numbers in bodies", () => {
    const field = wholeField(1, 1000);
    expect(
      [1, 1000, 0, -0, 1001, 1.5, "1", 2 ** 53, Number.NaN, null].map((input) => value(field, input)),
    ).to.deep.equal([1, 1000, ...Array(8).fill(undefined)]);
  });
  it("are bounded digits in URLs", () => {
    const field = wholeText(4_294_967_295);
    const inputs = ["0", "4294967295", "4294967296", "9223372036854775808", "-1", "1e3", "1.5", "", ["1", "2"]];
    expect(inputs.map((input) => value(field, input))).to.deep.equal([0, 4_294_967_295, ...Array(7).fill(undefined)]);
  });
});

describe("addresses of nodes and sites", () => {
  const id = `02${"ab".repeat(32)}`;
  it("name a node by id, host and port", () => {
    expect(value(nodeUriField, `${id}@example.org:9735`)).to.deep.equal({
      nodeId: id,
      host: "example.org",
      port: 9735,
    });
    expect(value(nodeUriField, `${id}@[2001:db8::1]:1`)).to.deep.equal({ nodeId: id, host: "2001:db8::1", port: 1 });
    for (const uri of [
      `04${id.slice(2)}@h:1`,
      `${id}@h:99999`,
      `${id}@:1`,
      `${id}@h/..:1`,
      `${id} @h:1`,
      `${id}@h:1\n`,
    ]) {
      expect(value(nodeUriField, uri), uri).to.equal(undefined);
    }
  });
  it("name a site by scheme, host and port alone", () => {
    expect(value(siteField, "HTTP://127.0.0.1:80")).to.equal(undefined);
    expect(value(siteField, "http://127.0.0.1:80")).to.equal("http://127.0.0.1");
    expect(value(siteField, "https://Film.Example/")).to.equal("https://film.example");
    for (const site of [
      "ftp://h",
      "http://",
      "http://a@b",
      "http://h/p",
      "http://h?q",
      "http://h#f",
      "//h",
      "http://h:99999",
    ]) {
      expect(value(siteField, site), site).to.equal(undefined);
    }
  });
});
