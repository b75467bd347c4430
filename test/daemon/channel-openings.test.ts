import { expect } from "chai";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import { channelId } from "../../src/base/ids.ts";
import { openingRefusal } from "../../src/daemon/channel-openings.ts";
import { ChannelTable, channelEntry } from "../../src/daemon/channel-table.ts";
import type { OpeningLimits } from "../../src/daemon/context.ts";
import type { OpenChannel } from "../../src/wire/opening.ts";
import { normal, opened } from "../support/channel-pair.ts";

const LIMITS: OpeningLimits = { channelsPerPeer: 3, unfundedPerPeer: 2, unfunded: 3 };
const open = opened().trace[0]?.message as OpenChannel;
const id = (byte: number) => channelId(new Uint8Array(32).fill(byte));
const { a, b } = normal().parties;

function refusal(table: ChannelTable, peer: typeof a.nodeId, byte: number, limits = LIMITS): string | undefined {
  const message = { ...open, temporary_channel_id: id(byte) };
  const refused = openingRefusal({ channel: DEFAULT_POLICY, openings: limits }, table, peer, message);
  return refused?.name === "error" ? new TextDecoder().decode(refused.data) : refused?.name;
}
function withOpenings(...bytes: readonly number[]): ChannelTable {
  const table = new ChannelTable();
  for (const byte of bytes)
    table.addOpening(
      channelEntry({ peer: b.nodeId, temporaryId: id(byte), keyIndex: byte, signer: a.signer }, { tag: "Fresh" }),
    );
  return table;
}

describe("CONFORMANCE 26, RELIABILITY C29: several openings of one peer", () => {
  it("go on side by side under ids of their own, and an id that is taken is refused", () => {
    const table = withOpenings(1);
    expect([refusal(table, b.nodeId, 2), refusal(table, b.nodeId, 1)]).to.deep.equal([undefined, "id is in use"]);
    expect(refusal(table, a.nodeId, 1), "ids are a peer's own").to.equal(undefined);
    const settled = new ChannelTable();
    const state = a.funded;
    settled.settle(channelEntry({ peer: b.nodeId, temporaryId: id(1), keyIndex: 0, signer: a.signer }, state));
    const message = { ...open, temporary_channel_id: state.params.channelId };
    const refused = openingRefusal({ channel: DEFAULT_POLICY, openings: LIMITS }, settled, b.nodeId, message);
    expect(refused?.name, "the id of a channel that is open").to.equal("error");
  });
  it("are so many at once, of one peer and of all", () => {
    expect(refusal(withOpenings(1, 2), b.nodeId, 3)).to.equal("too many openings at once");
    expect(refusal(withOpenings(1, 2), a.nodeId, 3)).to.equal(undefined);
    expect(refusal(withOpenings(1, 2, 3), a.nodeId, 4)).to.equal("too many openings at once");
    expect(refusal(withOpenings(1), b.nodeId, 2, { ...LIMITS, unfundedPerPeer: 0 })).to.equal(
      "too many openings at once",
    );
  });
  it("count as channels with the peer, whoever opened them", () => {
    const roomy = { ...LIMITS, unfundedPerPeer: 9, unfunded: 9 };
    expect(refusal(withOpenings(1, 2, 3), b.nodeId, 4, roomy)).to.equal("too many channels with this node");
    expect(refusal(withOpenings(1, 2), b.nodeId, 4, roomy)).to.equal(undefined);
  });
});
