import { expect } from "chai";
import { leftIn, namedIn, requirementsOf } from "../../scripts/coverage-of-bolts.ts";

describe("coverage of requirements", () => {
  it("reads numbered requirements with their sections, and passes over notes that count anew", () => {
    const markdown = "## A. Framing\n1. M First.\n2. [$] Second.\n## Notes\n1. A note.";
    expect(requirementsOf("CONFORMANCE", markdown)).to.deep.equal([
      { id: "1", section: "A. Framing", text: "M First." },
      { id: "2", section: "A. Framing", text: "[$] Second." },
    ]);
    expect(requirementsOf("RELIABILITY", "### 1j. Disks\n| P8 | order | a | b |")).to.deep.equal([
      { id: "P8", section: "1j. Disks", text: "order | a | b" },
    ]);
  });
  it("finds what a text names, several at a time, and nothing of another list", () => {
    const text = 'it("CONFORMANCE 4, 13 and 40: x"); // RELIABILITY P8. CONFORMANCE 27-29';
    expect([...namedIn("CONFORMANCE", text)]).to.deep.equal(["4", "13", "40", "27", "28", "29"]);
    expect([...namedIn("RELIABILITY", text)]).to.deep.equal(["P8"]);
  });
  it("reads why a requirement is left", () => {
    const table =
      "| requirement | why |\n|---|---|\n| RELIABILITY K6 | not built | x |\n| CONFORMANCE 6 | no message has one | |";
    expect([...leftIn("RELIABILITY", table)]).to.deep.equal([["K6", "not built"]]);
    expect([...leftIn("CONFORMANCE", table)]).to.deep.equal([["6", "no message has one"]]);
  });
});
