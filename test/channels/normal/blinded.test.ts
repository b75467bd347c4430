import { expect } from "chai";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { UpdateAddHtlc } from "../../../src/wire/updates.ts";
import { normal, type Pair } from "../../support/channel-pair.ts";

const PATH_KEY = secp256k1.publicKey(new Uint8Array(32).fill(9));

/** a's HTLC on its way to b, to which somebody has put a path key. */
function withPathKey(): Pair {
  const pair = normal();
  pair.offer("a", 5_000_000n, 1);
  const { message } = pair.trace.at(-1) as { readonly message: UpdateAddHtlc };
  pair.queues.b.length = 0;
  pair.give("b", { tag: "PeerMessage", message: { ...message, blinded_path: PATH_KEY } });
  return pair;
}
const told = (pair: Pair) => pair.parties.b.take("HtlcCommitted").map(({ htlc: { id, mustFail } }) => [id, mustFail]);

describe("CONFORMANCE 90: an HTLC with a path key", () => {
  it("is taken like any other, and told as one that must fail, also after a restart", () => {
    const pair = withPathKey();
    pair.settle();
    expect(told(pair)).to.deep.equal([[0n, "blinded_route"]]);
    pair.parties.b.log = [];
    pair.crash("b");
    expect(told(pair)).to.deep.equal([[0n, "blinded_route"]]);
    pair.connect();
    pair.give("b", { tag: "FailMalformedHtlc", id: 0n, code: 0xc018, sha256OfOnion: new Uint8Array(32) });
    pair.settle();
    expect(pair.parties.a.ends.get("p1/0")).to.equal("failed");
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("is forgotten with the connection like any other, and may come again without", () => {
    const pair = withPathKey();
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(told(pair)).to.deep.equal([[0n, undefined]]);
  });
});
