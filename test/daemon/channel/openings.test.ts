import { expect } from "chai";
import { ANCHORS, channelTypeBits, DEFAULT_POLICY, type FundedState } from "../../../channels/index.ts";
import { channelId } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { openingRefusal } from "../../../src/daemon/channel/openings.ts";
import { ChannelTable, channelEntry } from "../../../src/daemon/channel/table.ts";
import type { OpeningLimits } from "../../../src/daemon/context.ts";
import type { OpenChannel } from "../../../src/wire/opening.ts";
import { HEIGHT, normal, opened } from "../../support/channel-pair.ts";

const LIMITS: OpeningLimits = { channelsPerPeer: 3, unfundedPerPeer: 2, unfunded: 3 };
const open = opened().trace[0]?.message as OpenChannel;
const id = (byte: number) => channelId(new Uint8Array(32).fill(byte));
const { a, b } = normal().parties;

function refusal(table: ChannelTable, peer: typeof a.nodeId, byte: number, limits = LIMITS): string | undefined {
  const message = { ...open, temporary_channel_id: id(byte) };
  const refused = openingRefusal({ channel: DEFAULT_POLICY, openings: limits }, table, peer, message, HEIGHT);
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
    const refused = openingRefusal({ channel: DEFAULT_POLICY, openings: LIMITS }, settled, b.nodeId, message, HEIGHT);
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

describe("RELIABILITY U8: channels of peers that may be used before a block holds them", () => {
  const zeroConf = { ...open, channel_type: channelTypeBits({ ...ANCHORS, zeroConf: true }) };
  /** Of so much, mined at a height; opened by the peer unless told. */
  function holding(capacity: bigint, mined: number | undefined, opener: "local" | "remote" = "remote"): FundedState {
    const { params, funding, ...rest } = b.funded;
    const confirmed = mined === undefined ? undefined : { height: blockHeight(mined), shortChannelId: 0n as never };
    const type = { ...params.type, zeroConf: true };
    return {
      ...rest,
      params: { ...params, capacity: sat(capacity), type, opener },
      funding: { ...funding, confirmed },
    } as FundedState;
  }
  function refused(state: FundedState, wanted: bigint, peer = a.nodeId): boolean {
    const table = new ChannelTable();
    table.settle(channelEntry({ peer, temporaryId: id(1), keyIndex: 0, signer: b.signer }, state));
    const message = { ...zeroConf, temporary_channel_id: id(2), funding_satoshis: sat(wanted) };
    const limits = { channelsPerPeer: 9, unfundedPerPeer: 9, unfunded: 9 };
    return (
      openingRefusal({ channel: DEFAULT_POLICY, openings: limits }, table, a.nodeId, message, HEIGHT) !== undefined
    );
  }
  it("count together, of all peers, until they are three blocks deep: one block may be taken back", () => {
    for (const peer of [a.nodeId, b.nodeId])
      for (const [mined, counts] of [
        [undefined, true],
        [HEIGHT, true],
        [HEIGHT - 1, true],
        [HEIGHT - 2, false],
      ] as const) {
        expect(refused(holding(600_000n, mined), 400_001n, peer), `in block ${mined}`).to.equal(counts);
        expect(refused(holding(600_000n, mined), 400_000n, peer), `in block ${mined}`).to.equal(false);
      }
  });
  it("count again when a reorganisation takes back the block that held them", () => {
    expect(refused(holding(600_000n, HEIGHT - 5), 1_000_000n)).to.equal(false);
    expect(refused(holding(600_000n, undefined), 1_000_000n)).to.equal(true);
  });
  it("do not count where we fund them: nobody else can take that back", () => {
    expect(refused(holding(600_000n, undefined, "local"), 1_000_000n)).to.equal(false);
  });
});
