import { expect } from "chai";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { decodeText } from "../../../src/daemon/payment/commands.ts";

const ID = `02${"ab".repeat(32)}`;
const decoded = (text: string): unknown => {
  const read = decodeText({ ctx: { params: CHAINS.regtest } } as never, text);
  return read.ok ? read.value : read.error.code;
};

describe("what a text is taken for", () => {
  it("a node where it can be one: by name, or by an address of either kind", () => {
    for (const [written, host] of [
      ["node.example", "node.example"],
      ["127.0.0.1", "127.0.0.1"],
      ["[::1]", "::1"],
    ])
      expect(decoded(`${ID.toUpperCase()}@${written}:9735`)).to.deep.equal({
        kind: "node",
        nodeId: ID,
        host,
        port: 9735,
      });
  });
  it("nothing where no node could be so: with another id, or a port that there is not", () => {
    for (const text of [`ff${ID.slice(2)}@node.example:9735`, `${ID}@node.example:0`, `${ID}@node.example:65536`])
      expect(decoded(text)).to.equal("bad_request");
  });
});
