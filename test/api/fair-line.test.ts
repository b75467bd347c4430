import { expect } from "chai";
import { FairLine } from "../../src/api/fair-line.ts";

/** What is answered in each turn of the loop. */
function line() {
  const turns: (() => void)[] = [];
  const answered: string[] = [];
  const fair = new FairLine((task) => void turns.push(task));
  const ask = (who: string, times: number): void => {
    for (let time = 1; time <= times; time++) fair.add(who, () => void answered.push(`${who}${time}`));
  };
  const turn = (): string => {
    turns.shift()?.();
    return answered.splice(0).join(" ");
  };
  return { fair, ask, turn, isDue: () => turns.length };
}

describe("Requests of strangers", () => {
  it("are answered one of each in turn, sixteen in a turn of the loop", () => {
    const { ask, turn, isDue } = line();
    ask("a", 30);
    ask("b", 1);
    ask("c", 2);
    expect(turn()).to.equal("a1 b1 c1 a2 c2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13");
    ask("d", 1);
    expect(turn()).to.equal("a14 d1 a15 a16 a17 a18 a19 a20 a21 a22 a23 a24 a25 a26 a27 a28");
    expect([turn(), isDue()]).to.deep.equal(["a29 a30", 0]);
    ask("b", 1);
    expect([turn(), isDue()]).to.deep.equal(["b1", 0]);
  });
  it("are forgotten with those who have gone", () => {
    const { fair, ask, turn } = line();
    ask("a", 3);
    ask("b", 1);
    fair.leave("a");
    expect(turn()).to.equal("b1");
  });
});
