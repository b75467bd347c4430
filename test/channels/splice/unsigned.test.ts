import { expect } from "chai";
import { localCommitment, localTerms, specOf } from "../../../channels/commitments.ts";
import { commitmentsOn, paramsOn } from "../../../channels/fundings/other.ts";
import type { ChannelMessage } from "../../../channels/index.ts";
import { verifyCommitment } from "../../../channels/keys/verify.ts";
import { decodeMessage } from "../../../src/wire/registry.ts";
import { CommitmentSigned } from "../../../src/wire/updates.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { out, pending, spliceable, want } from "../../support/splicing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);

/** Fundings that a block may yet hold for which a side has no commitment that the peer has signed and that is not revoked. */
function bare(pair: Pair, name: Name): readonly string[] {
  const { params, commitments } = pair.parties[name].funded;
  const all = commitments.others.filter(({ role, made }) => role === "active" || made?.signature !== undefined);
  return all.flatMap((other) => {
    const on = { params: paramsOn(params, other.terms), commitments: commitmentsOn(commitments, other) };
    const { number, signatures } = on.commitments.local;
    const { keys, commitment } = localCommitment(pair.env(name), on.params, number, specOf(on.commitments, "local"));
    const remoteKey = on.params.remote.basepoints.fundingPubkey;
    const isSigned = verifyCommitment(localTerms(on.params), keys, commitment, remoteKey, signatures).ok;
    return isSigned && other.local.number === commitments.local.number ? [] : [other.terms.outpoint.txid];
  });
}

/** The signatures of a are out for a splice of b's; those of b are kept back. */
function withheld(): Pair {
  const pair = spliceable();
  want(pair, "b", out(20_000n, "b"));
  const isOut = (): boolean => pair.parties.a.funded.commitments.others[0]?.made?.signature !== undefined;
  for (let step = 0; step < 100 && !isOut(); step++) if (!pair.deliver("a")) pair.deliver("b");
  expect([isOut(), pending(pair, "a").length, bare(pair, "a")]).to.deep.equal([true, 0, []]);
  return pair;
}
/** The next `commitment_signed` of b, as if the channel had no splice, put twice into a batch: for one funding there may be none. */
function twice(pair: Pair): void {
  const frames = pair.queues.a.splice(0);
  for (const frame of frames) {
    const decoded = decodeMessage(frame);
    if (!decoded.ok || decoded.value.name === "tx_abort") continue;
    const message = decoded.value as ChannelMessage;
    if (message.name === "commitment_signed") {
      const { channel_id } = message;
      tell(pair, "a", { name: "start_batch", channel_id, batch_size: 2, message_type: CommitmentSigned.type });
      tell(pair, "a", message);
    }
    tell(pair, "a", message);
  }
}

describe("BOLT 2 §Splice Completion: a splice that we have signed and the peer keeps to itself", () => {
  it("every state of it is one in which we could close over the splice, whatever the peer signs on the funding before", () => {
    const pair = withheld();
    const { a, b } = pair.parties;
    const before = a.funded.commitments.local.number;
    // b is as it was before it heard of the splice.
    const { commitments } = b.funded;
    pair.queues.a.length = 0;
    pair.disconnect();
    b.state = { ...b.funded, commitments: { ...commitments, others: [] } };
    pair.connect();
    while (pair.deliver("b"));
    twice(pair);
    pair.offer("b", 5_000_000n);
    pair.signTurn("b");
    twice(pair);
    expect([a.funded.commitments.local.number, bare(pair, "a")]).to.deep.equal([before, []]);
    expect([a.state.tag, warnings(pair, "a")]).to.deep.equal(["Normal", ["splice not signed"]]);
  });
  it("nor by a batch that says nothing, while the silence for it lasts", () => {
    const pair = withheld();
    const { a, b } = pair.parties;
    const before = a.funded.commitments.local.number;
    const { channelId: channel_id } = a.funded.params;
    tell(pair, "a", { name: "start_batch", channel_id, batch_size: 2, message_type: CommitmentSigned.type });
    expect([warnings(pair, "a"), pair.connected]).to.deep.equal([["splice not signed"], false]);
    expect([a.funded.commitments.local.number, bare(pair, "a"), b.state.tag]).to.deep.equal([before, [], "Normal"]);
  });
});
