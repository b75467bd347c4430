import { expect } from "chai";
import fc from "fast-check";
import { descriptorChecksum, withChecksum } from "../../src/bitcoin/descriptor-checksum.ts";

describe("BIP 380 §Checksum", () => {
  it("of a raw script is that of the BIP", () => {
    expect(withChecksum("raw(deadbeef)")).to.equal("raw(deadbeef)#89f8spxm");
  });

  it("is none where a character is that no descriptor may hold", () => {
    for (const text of ["raw(Ü)", "raw(\n)", "raw(\u0000)", "raw(😀)"])
      expect(descriptorChecksum(text)).to.equal(undefined);
    expect(withChecksum("raw(Ü)")).to.equal(undefined);
  });

  it("shows up to three symbols that are wrong, wherever they stand", () => {
    const text = "wpkh([deadbeef/84h/1h/0h]0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600)";
    const right = descriptorChecksum(text);
    const common = [..."0123456789()[],'/*abcdefgh@:$%{}"];
    const slip = fc.record({ at: fc.nat(text.length - 1), to: fc.constantFrom(...common) });
    fc.assert(
      fc.property(fc.array(slip, { minLength: 1, maxLength: 3 }), (slips) => {
        const characters = [...text];
        for (const { at, to } of slips) if (common.includes(characters[at] ?? "")) characters[at] = to;
        const wrong = characters.join("");
        fc.pre(wrong !== text);
        expect(descriptorChecksum(wrong)).not.to.equal(right);
      }),
      { seed: 380, numRuns: 300 },
    );
  });

  it("shows the wrong case of a letter", () => {
    expect(descriptorChecksum("pk(AB)")).not.to.equal(descriptorChecksum("pk(Ab)"));
  });
});
