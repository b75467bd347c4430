import { expect } from "chai";
import { advance, bind, commit, propose, stay } from "../../channels/transition.ts";
import type { RevokeAndAck, UpdateFailHtlc } from "../../src/wire/updates.ts";
import { normal } from "../support/channel-pair.ts";

const pair = normal();
const state = pair.parties.a.funded;
const revokeAndAck: RevokeAndAck = {
  name: "revoke_and_ack",
  channel_id: state.params.channelId,
  per_commitment_secret: new Uint8Array(32),
  next_per_commitment_point: new Uint8Array(33),
};
const updateFail: UpdateFailHtlc = {
  name: "update_fail_htlc",
  channel_id: state.params.channelId,
  id: 0n,
  reason: new Uint8Array(292),
};

describe("RELIABILITY §4a: what binds us leaves only with a state that is durable before it", () => {
  it("takes a promise in a commit", () => {
    expect(commit(state, bind(revokeAndAck))).to.deep.equal({
      kind: "commit",
      next: state,
      effects: [{ tag: "Bind", message: revokeAndAck }],
    });
  });
  it("does not compile with a promise in an advance or a stay", () => {
    // @ts-expect-error: Bind is not a VolatileEffect, so it cannot leave without a write.
    expect(advance(state, bind(revokeAndAck)).kind).to.equal("advance");
    // @ts-expect-error: nor may it leave where nothing changes.
    expect(stay(bind(revokeAndAck)).kind).to.equal("stay");
    // @ts-expect-error: a promise is no proposal.
    expect(propose(revokeAndAck).tag).to.equal("Propose");
    // @ts-expect-error: a state that lives in memory alone cannot be committed.
    expect(commit({ tag: "Fresh" }).kind).to.equal("commit");
  });
  it("lets a proposal leave without a write", () => {
    expect(advance(state, propose(updateFail)).effects).to.deep.equal([{ tag: "Propose", message: updateFail }]);
  });
});
