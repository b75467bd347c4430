import { expect } from "chai";
import { SCRIPT as CLOSE, normal, opened, Pair } from "../../support/channel-pair.ts";
import { openedDual } from "../../support/dual-pair.ts";

/** What each side binds itself to; none of them is where it would be paid otherwise. */
const PROMISED = {
  a: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(1)),
  b: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(2)),
};
const TAPROOT = Uint8Array.of(0x51, 32, ...new Uint8Array(32).fill(3));

/** Both sides have said at the opening where they want to be paid. */
function bound(): Pair {
  const pair = new Pair();
  pair.parties.b.policy = { ...pair.parties.b.policy, upfrontShutdownScript: PROMISED.b };
  opened({ shutdownScript: PROMISED.a }, pair);
  pair.settle();
  pair.confirm();
  for (const name of ["a", "b"] as const) pair.parties[name].log = [];
  return pair;
}

describe("CONFORMANCE 33: upfront_shutdown_script", () => {
  it("is empty where nobody binds itself, and there all the same", () => {
    const pair = normal();
    const scripts = opened()
      .trace.concat(pair.trace)
      .flatMap(({ message }) =>
        message.name === "open_channel" || message.name === "accept_channel" ? [message.upfront_shutdown_script] : [],
      );
    expect(scripts).to.deep.equal([new Uint8Array(0)]);
    for (const name of ["a", "b"] as const) {
      const { local, remote } = pair.parties[name].funded.params;
      expect([local.upfrontShutdownScript, remote.upfrontShutdownScript]).to.deep.equal([undefined, undefined]);
    }
  });
  it("is known to both sides, each as it was said", () => {
    const { a, b } = bound().parties;
    expect([a.funded.params.local, b.funded.params.remote].map((side) => side.upfrontShutdownScript)).to.deep.equal([
      PROMISED.a,
      PROMISED.a,
    ]);
    expect([b.funded.params.local, a.funded.params.remote].map((side) => side.upfrontShutdownScript)).to.deep.equal([
      PROMISED.b,
      PROMISED.b,
    ]);
  });
  it("is known to both sides of a channel that both fund, and must be one that the peer can pay there too", () => {
    const pair = new Pair();
    pair.parties.b.policy = { ...pair.parties.b.policy, upfrontShutdownScript: PROMISED.b };
    openedDual({ joins: 300_000n, shutdownScript: PROMISED.a }, pair);
    pair.settle();
    const { a, b } = pair.parties;
    for (const [ours, theirs, script] of [
      [a, b, PROMISED.a],
      [b, a, PROMISED.b],
    ] as const)
      expect([
        ours.funded.params.local.upfrontShutdownScript,
        theirs.funded.params.remote.upfrontShutdownScript,
      ]).to.deep.equal([script, script]);
    const bound = new Pair();
    bound.parties.b.policy = { ...bound.parties.b.policy, upfrontShutdownScript: TAPROOT };
    openedDual({ joins: 300_000n }, bound);
    bound.settle();
    expect(bound.parties.b.take("SendError").map(({ text }) => text)).to.deep.equal([
      "bad opening, rule own_shutdown_script",
    ]);
    expect(bound.parties.a.state.tag).to.equal("Aborted");
    const refused = openedDual({ shutdownScript: TAPROOT });
    expect(refused.parties.a.take("CommandRefused").map(({ reason }) => reason)).to.deep.equal([
      { code: "bad_script" },
    ]);
  });
  it("must be one that the peer can pay: neither is a channel opened nor one accepted", () => {
    const pair = opened({ shutdownScript: TAPROOT });
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason)).to.deep.equal([{ code: "bad_script" }]);
    const accepting = new Pair();
    accepting.parties.b.policy = { ...accepting.parties.b.policy, upfrontShutdownScript: TAPROOT };
    opened({}, accepting);
    accepting.deliver("b");
    expect(accepting.parties.b.take("SendError").map(({ text }) => text)).to.deep.equal([
      "bad opening, rule own_shutdown_script",
    ]);
    const knowing = new Pair();
    knowing.features = [...knowing.features, 26];
    opened({ shutdownScript: TAPROOT }, knowing);
    knowing.settle();
    expect(knowing.parties.b.funded.params.remote.upfrontShutdownScript).to.deep.equal(TAPROOT);
  });
});

describe("CONFORMANCE 111: a script that was promised", () => {
  it("is where both are paid, whoever closes", () => {
    for (const closer of ["a", "b"] as const) {
      const pair = bound();
      pair.give(closer, { tag: "Shutdown", script: PROMISED[closer], feerate: 500 as never });
      pair.settle();
      const paid = pair.parties.a.broadcasts.at(-1)?.outputs.map(({ script }) => script);
      expect(paid, closer).to.have.deep.members([PROMISED.a, PROMISED.b]);
    }
  });
  it("is not left by us", () => {
    const pair = bound();
    pair.give("a", { tag: "Shutdown", script: CLOSE.a, feerate: 500 as never });
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason)).to.deep.equal([
      { code: "another_script_promised" },
    ]);
    expect(pair.parties.a.state.tag).to.equal("Normal");
  });
  it("ends the connection of a peer that leaves it, with a warning, and nothing is signed", () => {
    const pair = bound();
    const { channelId: channel_id } = pair.parties.a.funded.params;
    pair.give("b", { tag: "PeerMessage", message: { name: "shutdown", channel_id, scriptpubkey: CLOSE.a } });
    expect(pair.parties.b.take("SendWarning")).to.deep.equal([
      { tag: "SendWarning", channelId: channel_id, text: "shutdown script changed", disconnect: true },
    ]);
    expect([pair.connected, pair.parties.b.state.tag]).to.deep.equal([false, "Normal"]);
  });
});
