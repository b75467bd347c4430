import { expect } from "chai";
import { fakeDaemon } from "../daemon.ts";

describe("sluice chain odds", () => {
  const told = async (...args: readonly string[]) => {
    const daemon = await fakeDaemon({});
    const [people, programs] = [
      await daemon.run(["chain", "odds", ...args], { terminal: true }),
      await daemon.run(["chain", "odds", ...args]),
    ];
    await daemon.close();
    return { people, programs };
  };

  it("tells the odds of the white paper, without a daemon", async () => {
    const { people, programs } = await told("--attacker", "0.3", "--depth", "5");
    expect(people.out).to.equal("0.1773523\n");
    const { attacker, depth, probability } = JSON.parse(programs.out);
    expect({ attacker, depth, probability: probability.toFixed(7) }).to.deep.equal({
      attacker: 0.3,
      depth: 5,
      probability: "0.1773523",
    });
    expect((await told("--depth", "5")).people.out).to.equal("0.0009137\n");
  });
  it("refuses what is no part of the whole and no number of blocks", async () => {
    for (const args of [
      ["--attacker", "1.1"],
      ["--attacker", "-0.1"],
      ["--attacker", "half"],
      ["--depth", "2.5"],
      ["--depth", "10001"],
    ])
      expect((await told(...args)).programs.exit, args.join(" ")).to.equal(2);
  });
});
