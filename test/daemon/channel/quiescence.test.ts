import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";
import { fundedBy } from "../puppet.ts";
import { line, stranger, violations } from "../small-world.ts";

describe("BOLT 2 §Channel Quiescence: a peer of the daemon asks for silence", () => {
  it("CONFORMANCE 60: is granted it, and parted with after 60 seconds of it", async function () {
    this.timeout(20_000);
    const { world, nodes } = await line(1);
    const peer = await stranger(world, present(nodes[0], "a node"), "silent");
    const puppet = await fundedBy(world, present(nodes[0], "a node"), peer);
    expect([...featureBits(OFFERED.init)], "option_quiesce is offered").to.deep.equal([
      ...featureBits([...OFFERED.init, 35]),
    ]);
    puppet.give({ tag: "Quiesce" });
    await world.pass(59_000);
    expect(peer.of("stfu").map(({ initiator }) => initiator)).to.deep.equal([0]);
    expect([peer.of("warning").length, peer.ended.length]).to.deep.equal([0, 0]);
    await world.pass(2_000);
    expect(peer.of("warning").map(({ data }) => new TextDecoder().decode(data))).to.deep.equal([
      "the channel has been quiescent for too long",
    ]);
    expect([peer.ended.length, nodes[0]?.node.channels()[0]?.state]).to.deep.equal([1, "Normal"]);
    expect(violations(world)).to.deep.equal([]);
  });
});
