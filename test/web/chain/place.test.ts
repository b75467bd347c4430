import { expect } from "chai";
import { fragmentOf, placeOf, placesFor } from "../../../src/web/chain/place.ts";

const HASH = `00${"ab".repeat(31)}`;
const TXID = "cd".repeat(32);

describe("what the explorer looks at", () => {
  it("stands behind the # of its address", () => {
    const places = [
      { kind: "block", id: "17" },
      { kind: "block", id: HASH },
      { kind: "tx", id: TXID },
    ] as const;
    for (const place of places) expect(placeOf(fragmentOf(place))).to.deep.equal(place);
  });
  it("is nothing for other fragments", () => {
    for (const fragment of ["", "#", "#tx/17", "#block/", `#block/${TXID}0`, "#login=lgn_1", "#tx/../x"]) {
      expect(placeOf(fragment), fragment).to.equal(undefined);
    }
  });
});

describe("what somebody searches for", () => {
  const kinds = (query: string): readonly string[] => placesFor(query).map(fragmentOf);
  it("is a height", () => {
    expect(kinds(" 840,000 ")).to.deep.equal(["#block/840000"]);
    expect(kinds("007")).to.deep.equal(["#block/7"]);
  });
  it("may be a transaction or a block, the latter first when its hash shows work", () => {
    expect(kinds(TXID)).to.deep.equal([`#tx/${TXID}`, `#block/${TXID}`]);
    expect(kinds(HASH.toUpperCase())).to.deep.equal([`#block/${HASH}`, `#tx/${HASH}`]);
  });
  it("is the transaction of an outpoint", () => {
    expect(kinds(`${TXID}:1`)[0]).to.equal(`#tx/${TXID}`);
  });
  it("is nothing otherwise", () => {
    for (const query of ["", "hello", "1.5", "-1", TXID.slice(1), "9999999999"]) expect(kinds(query)).to.deep.equal([]);
  });
});
