import { expect } from "chai";
import { FEATURES, featureBits } from "../../src/wire/features.ts";
import { standing } from "../../src/wire/negotiated.ts";
import { declarationOf, MESSAGES, type MessageName } from "../../src/wire/registry.ts";

const all = featureBits(FEATURES.map(({ bit }) => bit + 1));
const NAMES = MESSAGES.map(({ name }): MessageName => name);

describe("BOLT 1 §Lightning Message Format: messages of features that are not shared", () => {
  it("are known where both sides offer everything", () => {
    expect(NAMES.filter((name) => standing(name, all, all) !== "known")).to.deep.equal([]);
  });
  it("are ignored when odd and refused when even, whichever side does not offer the feature", () => {
    const few = featureBits([0, 8, 12, 14, 44]);
    const strange = NAMES.filter((name) => standing(name, few, all) !== "known");
    expect(strange).to.include.members(["stfu", "tx_abort", "splice_init", "splice_locked", "onion_message"]);
    expect(strange).to.not.include.members(["open_channel", "update_add_htlc", "error", "ping", "channel_update"]);
    for (const name of strange) {
      const expected = declarationOf(name).type % 2 === 1 ? "ignored" : "refused";
      expect([standing(name, few, all), standing(name, all, few)], name).to.deep.equal([expected, expected]);
    }
  });
  it("are known by any one of the features that bring them", () => {
    const splice = featureBits([62]);
    expect([standing("tx_complete", splice, splice), standing("open_channel2", splice, splice)]).to.deep.equal([
      "known",
      "refused",
    ]);
  });
});
