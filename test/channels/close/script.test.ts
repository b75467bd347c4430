import { expect } from "chai";
import { isShutdownScript } from "../../../channels/close/script.ts";
import type { ChannelMessage, FundedState } from "../../../channels/index.ts";
import { featureBits } from "../../../src/wire/features.ts";
import { type Name, normal, type Pair, SCRIPT } from "../../support/channel-pair.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });

describe("BOLT 2 §Closing Initiation: shutdown, scripts (CONFORMANCE 110, 111)", () => {
  const plain = featureBits([12]);
  const anysegwit = featureBits([12, 26]);
  const program = (version: number, length: number): Uint8Array =>
    Uint8Array.of(version, length, ...new Uint8Array(length));
  it("takes data of 6 to 80 bytes in one push, its shortest, and only with option_simple_close (CONFORMANCE 110)", () => {
    const simple = featureBits([26, 61]);
    const data = (...push: readonly number[]): Uint8Array =>
      Uint8Array.of(0x6a, ...push, ...new Uint8Array(push.at(-1) ?? 0));
    expect(
      [data(6), data(75), data(76, 76), data(76, 80)].every((script) => isShutdownScript(script, simple)),
    ).to.equal(true);
    expect(isShutdownScript(data(6), anysegwit)).to.equal(false);
    const bad = [data(5), data(76, 75), data(76, 81), data(77, 6), Uint8Array.of(0x6a), Uint8Array.of(...data(6), 0)];
    expect(bad.some((script) => isShutdownScript(script, simple))).to.equal(false);
  });
  it("takes version 0 always, and later ones only with option_shutdown_anysegwit", () => {
    expect([20, 32].map((length) => isShutdownScript(program(0, length), plain))).to.deep.equal([true, true]);
    expect([19, 21, 33].some((length) => isShutdownScript(program(0, length), anysegwit))).to.equal(false);
    expect(isShutdownScript(program(0x51, 32), plain)).to.equal(false);
    expect([2, 32, 40].every((length) => isShutdownScript(program(0x60, length), anysegwit))).to.equal(true);
    expect([1, 41].some((length) => isShutdownScript(program(0x51, length), anysegwit))).to.equal(false);
  });
  it("names neither P2PKH, P2SH, OP_RETURN nor nothing", () => {
    for (const script of [new Uint8Array(0), Uint8Array.of(0x76, 0xa9, 0x14), Uint8Array.of(0x6a, 6, 1, 2, 3, 4, 5, 6)])
      expect(isShutdownScript(script, anysegwit)).to.equal(false);
  });
  it("answers a script that it cannot pay to with a warning, and goes on", () => {
    const pair = normal();
    const channel_id = pair.parties.a.funded.params.channelId;
    tell(pair, "a", { name: "shutdown", channel_id, scriptpubkey: new Uint8Array(25).fill(0x76) });
    expect(pair.parties.a.take("SendWarning")).to.deep.equal([
      { tag: "SendWarning", channelId: channel_id, text: "bad shutdown script", disconnect: false },
    ]);
    expect(pair.parties.a.state.tag).to.equal("Normal");
  });
  it("does not let a peer change its script, or leave the one it promised at the opening", () => {
    const pair = normal();
    const channel_id = pair.parties.a.funded.params.channelId;
    const promised = pair.parties.a.funded;
    const remote = { ...promised.params.remote, upfrontShutdownScript: SCRIPT.a };
    pair.parties.a.state = { ...promised, params: { ...promised.params, remote } } as FundedState;
    tell(pair, "a", { name: "shutdown", channel_id, scriptpubkey: SCRIPT.b });
    expect(pair.parties.a.take("SendWarning")[0]?.text).to.equal("shutdown script changed");
    expect(pair.parties.a.state.tag).to.equal("Normal");
  });
});
