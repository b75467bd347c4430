import { PassThrough } from "node:stream";
import { expect } from "chai";
import { askSecret } from "../../src/cli/ask-secret.ts";

const QUESTION = "The words: ";

/** The keys of a person or the bytes of a program, and what a person sees of them. */
function streams(isPerson: boolean) {
  const raw: boolean[] = [];
  const setRawMode = (mode: boolean) => raw.push(mode);
  const input = Object.assign(new PassThrough(), { isTTY: isPerson, setRawMode });
  const seen = Object.assign(new PassThrough(), { isTTY: isPerson, columns: 80 });
  return { input, seen, raw, shown: () => String(seen.read() ?? "") };
}

describe("a secret that is asked for", () => {
  it("is not shown while a person types it, who may take letters back", async () => {
    const { input, seen, raw, shown } = streams(true);
    const answer = askSecret(QUESTION, input, seen);
    input.write("zoo vote\u007f\u007f\u007f\u007f");
    input.write("wrong\r");
    expect(await answer).to.equal("zoo wrong");
    expect(shown()).to.equal(`${QUESTION}\n`);
    expect(raw, "the terminal itself shows nothing, and everything again afterwards").to.deep.equal([true, false]);
  });
  it("is nothing when the person goes away, and the next line is their own", async () => {
    const { input, seen, raw, shown } = streams(true);
    const answer = askSecret(QUESTION, input, seen);
    input.write("zoo\u0003");
    expect(await answer).to.equal("");
    expect(shown()).to.equal(`${QUESTION}\n`);
    expect(raw).to.deep.equal([true, false]);
  });
  it("is a line of a pipe, which is shown no question", async () => {
    for (const given of ["zoo wrong\nmore\n", "zoo wrong"]) {
      const { input, seen, raw, shown } = streams(false);
      const answer = askSecret(QUESTION, input, seen);
      input.end(given);
      expect(await answer).to.equal("zoo wrong");
      expect([shown(), raw]).to.deep.equal(["", []]);
    }
  });
  it("is nothing of a pipe without a line", async () => {
    const { input, seen } = streams(false);
    const answer = askSecret(QUESTION, input, seen);
    input.end();
    expect(await answer).to.equal("");
  });
});
