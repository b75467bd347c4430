import { expect } from "chai";
import fc from "fast-check";
import { isPlainJson, JSON_DEPTH_MAX, readJson } from "../../src/api/json.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("the text of a request", () => {
  it("is read as JSON.parse reads it, for any JSON of bounded depth", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        fc.pre(!text.includes("__proto__"));
        expect(readJson(text)).to.deep.equal({ ok: true, value: JSON.parse(text) });
      }),
      { seed: 1, numRuns: 300 },
    );
  });
  it("may nest 32 deep and no deeper, and 100,000 levels do no harm", () => {
    expect(readJson(nested(JSON_DEPTH_MAX)).ok).to.equal(true);
    const tooDeep = { ok: false, error: "The body is nested too deeply." };
    expect(readJson(nested(JSON_DEPTH_MAX + 1))).to.deep.equal(tooDeep);
    expect(readJson(nested(100_000)).ok).to.equal(false);
    expect(readJson(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`)).to.deep.equal(tooDeep);
  });
  it("may not name a key twice in one object, however it is spelt", () => {
    const twice = { ok: false, error: "The body names a key twice." };
    expect(readJson('{"amountMsat":"1","amountMsat":"1000"}')).to.deep.equal(twice);
    expect(readJson('{"amountMsat":"1","amount\\u004dsat":"1000"}')).to.deep.equal(twice);
    expect(readJson('{"a":[{"b":1,"b":2}]}')).to.deep.equal(twice);
    expect(readJson('{"a":{"b":1},"c":[{"b":2},{"b":3}],"b":"a"}').ok).to.equal(true);
    expect(readJson('{"a":"\\"b\\":1","b":["a","a"]}').ok).to.equal(true);
  });
  it("may not hold the key __proto__ at any depth", () => {
    const refused = { ok: false, error: "The body has a key that is not allowed." };
    expect(readJson('{"__proto__":{"x":1}}')).to.deep.equal(refused);
    expect(readJson('{"a":[{"\\u005f_proto__":{"x":1}}]}')).to.deep.equal(refused);
    expect(readJson('{"a":"__proto__"}').ok).to.equal(true);
  });
  it("is refused when it is not JSON, and the refusal does not repeat it", () => {
    for (const text of ["", "{", "secret", "{'a':1}", "NaN", "[1,]", "01", "+1", "0x10"]) {
      expect(readJson(text), text).to.deep.equal({ ok: false, error: "The body is not JSON." });
    }
  });
});

describe("a value from a socket", () => {
  it("is plain JSON of bounded depth without __proto__ or binary", () => {
    expect(isPlainJson({ a: [1, "b", null, { c: true }] })).to.equal(true);
    expect(isPlainJson(undefined)).to.equal(true);
    expect(isPlainJson(JSON.parse(nested(JSON_DEPTH_MAX)))).to.equal(true);
    expect(isPlainJson(JSON.parse(nested(JSON_DEPTH_MAX + 1)))).to.equal(false);
    expect(isPlainJson(JSON.parse('{"a":{"__proto__":{"x":1}}}'))).to.equal(false);
    expect(isPlainJson({ a: Buffer.from("x") })).to.equal(false);
  });
});
