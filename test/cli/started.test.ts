import { expect } from "chai";
import { startedText } from "../../src/cli/started.ts";
import { NODE } from "./samples.ts";

describe("what a person is told when a daemon serves", () => {
  const started = { nodeId: NODE, api: "http://127.0.0.1:9737", peerPort: 9735 };
  const config = { alias: "alice", network: "regtest", datadir: "/d", signer: "" } as const;

  it("is where it is, what to keep, and how it ends", () => {
    expect(startedText(started, config)).to.equal(
      [
        "alice serves on regtest. Stop: Ctrl-C",
        `node    ${NODE}@127.0.0.1:9735`,
        "API     http://127.0.0.1:9737, described at http://127.0.0.1:9737/openapi.json",
        "folder  /d",
        "words   /d/words: write them down, every key comes from them",
      ].join("\n"),
    );
  });

  it("names the signer, where that has the words", () => {
    const lines = startedText(started, { ...config, signer: "unix:/s" }).split("\n");
    expect(lines[4]).to.equal("words   with the signer at unix:/s: write them down, every key comes from them");
  });
});
