import { expect } from "chai";
import { remoteCommitment, remoteTerms, specOf } from "../../../channels/commitments.ts";
import { type ChannelMessage, encodeChannel, sign } from "../../../channels/index.ts";
import { remoteCommitmentRequest } from "../../../channels/keys/signer.ts";
import { commitmentMessage } from "../../../channels/normal/sign.ts";
import { present } from "../../../src/base/result.ts";
import { msat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { RevokeAndAck } from "../../../src/wire/updates.ts";
import { normal, type Pair } from "../../support/channel-pair.ts";

const tell = (pair: Pair, to: "a" | "b", message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const names = (pair: Pair) => pair.trace.map(({ from, message }) => `${from} ${message.name}`);

/** What a would say to sign b's next commitment with nothing new in it, and a's books as if it had. */
function signEmpty(pair: Pair): ChannelMessage {
  const { a } = pair.parties;
  const { commitments, params } = a.funded;
  const point = present(commitments.remoteNextPoint, "b's next point");
  const number = commitments.remote.number + 1n;
  const commitment = remoteCommitment(pair.env("a"), params, { number, point }, specOf(commitments, "remote_next"));
  const signed = sign(a.secrets, a.memory, remoteCommitmentRequest(remoteTerms(params), point, commitment));
  if (!signed.ok) throw new Error(JSON.stringify(signed.error));
  a.memory = signed.value.memory;
  const { signatures } = signed.value;
  const sent = { txid: commitment.txid, signatures, updates: [] };
  a.state = { ...a.funded, commitments: { ...commitments, sent, lastSent: "commitment_signed" } };
  return commitmentMessage(a.funded.params, signatures);
}

describe("a commitment_signed that includes no update, which a peer must not send", () => {
  it("is taken once: the commitment before is revoked, and nothing else changes", () => {
    const pair = normal();
    const before = pair.parties.b.funded.commitments;
    tell(pair, "b", signEmpty(pair));
    expect(names(pair)).to.deep.equal(["b revoke_and_ack"]);
    const { commitments } = pair.parties.b.funded;
    expect(commitments).to.deep.equal({
      ...before,
      local: { number: 1n, signatures: commitments.local.signatures },
      lastSent: "revoke_and_ack",
    });
    pair.settle();
    pair.offer("a", 1_000n);
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(1);
  });
  it("is answered by a warning when it comes twice in a row; the channel goes on after a reconnection", () => {
    const pair = normal();
    tell(pair, "b", signEmpty(pair));
    pair.settle();
    const before = pair.parties.b.funded.commitments;
    tell(pair, "b", signEmpty(pair));
    expect(pair.parties.b.take("SendWarning")).to.deep.equal([
      {
        tag: "SendWarning",
        channelId: pair.parties.b.funded.params.channelId,
        text: "commitment without updates",
        disconnect: true,
      },
    ]);
    expect(pair.parties.b.funded.commitments).to.deep.equal(before);
    pair.connect();
    pair.settle();
    pair.offer("a", 1_000n);
    pair.settle();
    expect([pair.parties.b.incoming.size, pair.parties.b.state.tag]).to.deep.equal([1, "Normal"]);
  });
  it("is taken as often as updates come between", () => {
    const pair = normal();
    for (let round = 1; round <= 3; round++) {
      tell(pair, "b", signEmpty(pair));
      pair.settle();
      pair.offer("a", 1_000n, round);
      pair.settle();
      expect(pair.parties.b.incoming.size).to.equal(round);
    }
    expect(pair.parties.b.take("SendWarning")).to.deep.equal([]);
  });
});

describe("BOLT 2 §Committing Updates So Far: commitment_signed", () => {
  it("asks once for a signature, and puts all that has queued under it", () => {
    const pair = normal();
    for (let i = 0; i < 10; i++) pair.offer("a", 1_000n);
    expect(pair.parties.a.take("SignSoon")).to.have.length(1);
    pair.settle();
    expect(names(pair).slice(10)).to.deep.equal([
      "a commitment_signed",
      "b revoke_and_ack",
      "b commitment_signed",
      "a revoke_and_ack",
    ]);
  });
  it("says nothing when there is nothing new to sign (CONFORMANCE 81)", () => {
    const pair = normal();
    pair.give("a", { tag: "Sign" });
    expect(pair.trace).to.deep.equal([]);
  });
  it("signs nothing while a commitment of the peer is unrevoked, then what queued meanwhile", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    pair.signTurn("a");
    pair.offer("a", 2_000n);
    pair.give("a", { tag: "Sign" });
    expect(names(pair).filter((name) => name === "a commitment_signed")).to.have.length(1);
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(2);
  });
  it("needs one signature and no HTLC signature for dust alone, one each for what has an output", () => {
    const pair = normal();
    for (const amount of [1_000n, 353_999n, 354_000n, 500_000n]) pair.offer("a", amount);
    pair.settle();
    const counts = pair.trace.flatMap(({ message }) =>
      message.name === "commitment_signed" ? [message.htlc_signature.length] : [],
    );
    expect(counts).to.deep.equal([2, 2]);
  });
  it("fails the channel on a wrong signature, a missing and a superfluous HTLC signature (CONFORMANCE 81, 82)", () => {
    for (const [change, text] of [
      [{ signature: new Uint8Array(64).fill(1) }, "bad commitment signature"],
      [{ htlc_signature: [] }, "wrong htlc signature count, expected 1, received 0"],
      [{ htlc_signature: [new Uint8Array(64).fill(1)] }, "bad htlc signature, index 0"],
    ] as const) {
      const pair = normal();
      pair.offer("a", 1_000_000n);
      pair.signTurn("a");
      pair.deliver("b");
      const signed = pair.trace.at(-1)?.message;
      if (signed?.name !== "commitment_signed") throw new Error("signed");
      const before = pair.parties.b.funded.commitments.local;
      tell(pair, "b", { ...signed, ...change });
      expect(pair.parties.b.take("SendError")[0]?.text).to.equal(text);
      expect(pair.parties.b.state.tag).to.equal("Failed");
      expect(pair.parties.b.funded.commitments.local, "the last valid state is kept").to.deep.equal(before);
      expect(names(pair)).to.not.include("b revoke_and_ack");
    }
  });
  it("refuses a high-S signature (CONFORMANCE 41, 82)", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    pair.signTurn("a");
    pair.deliver("b");
    const signed = pair.trace.at(-1)?.message;
    if (signed?.name !== "commitment_signed") throw new Error("signed");
    const high = signed.signature.slice();
    high.set(secp256k1.negateSecret(signed.signature.slice(32)), 32);
    tell(pair, "b", { ...signed, signature: high });
    expect(pair.parties.b.state.tag).to.equal("Failed");
  });
  it("grows no record with the number of dust updates, and keeps nothing of their revoked states", () => {
    const pair = normal();
    const sizes: number[] = [];
    for (let round = 0; round < 40; round++) {
      pair.offer("a", 1_000n);
      pair.settle();
      for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
      pair.parties.b.incoming.clear();
      pair.settle();
      sizes.push(encodeChannel(pair.parties.a.funded).length);
    }
    expect(pair.parties.a.revokedRecords + pair.parties.b.revokedRecords).to.equal(0);
    // 80 revoked states: only the secrets' buckets fill, 40 bytes each, one for each doubling.
    expect((sizes.at(-1) as number) - (sizes[3] as number)).to.be.at.most(40 * 5);
  });
  it("records the untrimmed HTLCs of every revoked state that has some, under its number", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n, 1);
    pair.offer("a", 1_000n, 2);
    pair.settle();
    pair.fail("b", 0n);
    pair.fail("b", 1n);
    pair.settle();
    const records = pair.parties.a.take("RevokedHtlcs");
    expect(
      records.map(({ number, htlcs }) => [number, htlcs.map(({ id, side, amount }) => ({ id, side, amount }))]),
    ).to.deep.equal([[1n, [{ id: 0n, side: "received", amount: msat(1_000_000n) }]]]);
  });
});

describe("BOLT 2 §Completing the Transition to the Updated State: revoke_and_ack", () => {
  it("RELIABILITY C19: tells of an HTLC only when it is irrevocable on both sides, and that is written", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n);
    pair.signTurn("a");
    pair.deliver("b");
    pair.deliver("b");
    expect(names(pair).at(-1)).to.equal("b revoke_and_ack");
    pair.signTurn("b");
    expect(names(pair).at(-1)).to.equal("b commitment_signed");
    expect(pair.parties.b.incoming.size, "a could still publish the state without it").to.equal(0);
    pair.deliver("a");
    pair.deliver("a");
    const commits = pair.parties.b.commits;
    pair.deliver("b");
    expect(pair.parties.b.incoming.size).to.equal(1);
    expect(pair.parties.b.commits).to.equal(commits + 1);
  });

  describe("RELIABILITY C13: secrets out of order, repeated and wrong (CONFORMANCE 83)", () => {
    /** a has signed and waits for b's revocation. */
    function waiting(): { readonly pair: Pair; readonly good: RevokeAndAck } {
      const pair = normal();
      pair.offer("a", 1_000n);
      pair.signTurn("a");
      pair.deliver("b");
      pair.deliver("b");
      const good = pair.trace.at(-1)?.message;
      if (good?.name !== "revoke_and_ack") throw new Error("revoked");
      return { pair, good };
    }
    const spoil = (change: (pair: Pair) => Partial<RevokeAndAck>, text: string): void => {
      const { pair, good } = waiting();
      const before = pair.parties.a.funded.commitments;
      tell(pair, "a", { ...good, ...change(pair) });
      expect(pair.parties.a.take("SendError")[0]?.text).to.equal(text);
      expect(pair.parties.a.funded.commitments, "the state is the one before").to.deep.equal(before);
    };
    it("fails on a secret of another commitment", () => {
      spoil((pair) => ({ per_commitment_secret: pair.parties.b.keys.commitmentSecret(1n) }), "wrong revocation secret");
    });
    it("fails on secrets that are no scalars", () => {
      spoil(() => ({ per_commitment_secret: new Uint8Array(32) }), "wrong revocation secret");
      spoil(() => ({ per_commitment_secret: new Uint8Array(32).fill(255) }), "wrong revocation secret");
    });
    it("fails on a next point off the curve", () => {
      spoil(() => ({ next_per_commitment_point: Uint8Array.of(2, ...new Uint8Array(32).fill(255)) }), "bad point");
    });
    it("fails on a second revocation for one commitment", () => {
      const { pair, good } = waiting();
      pair.deliver("a");
      expect(pair.parties.a.state.tag).to.equal("Normal");
      tell(pair, "a", good);
      expect(pair.parties.a.take("SendError")[0]?.text).to.equal("unexpected revocation");
    });
    it("never sends a revocation twice over one connection", () => {
      const pair = normal();
      for (let i = 0; i < 5; i++) {
        pair.offer("a", 1_000n);
        pair.settle();
      }
      const secrets = pair.trace.flatMap(({ from, message }) =>
        message.name === "revoke_and_ack" ? [`${from} ${message.per_commitment_secret.join()}`] : [],
      );
      expect(new Set(secrets).size).to.equal(secrets.length);
    });
  });
});

describe("BOLT 2 §cltv_expiry_delta Selection: deadlines (CONFORMANCE 88)", () => {
  it("fails the channel when an offered HTLC is two blocks past its expiry", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n);
    pair.settle();
    const [htlc] = pair.parties.a.funded.commitments.htlcs;
    const expiry = htlc?.expiry as number;
    pair.parties.b.height = pair.parties.a.height;
    pair.block(expiry + 1);
    expect(pair.parties.a.state.tag).to.equal("Normal");
    pair.block(expiry + 2);
    expect(pair.parties.a.take("ChannelFailed")[0]?.cause).to.deep.equal({
      tag: "deadline",
      side: "offered",
      id: 0n,
      expiry,
    });
  });
  it("fails the channel when a fulfilled HTLC is not removed as its expiry comes near", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n);
    pair.settle();
    const [htlc] = [...pair.parties.b.incoming.values()];
    if (htlc === undefined) throw new Error("committed");
    pair.disconnect();
    pair.fulfill("b", htlc);
    pair.block(htlc.expiry - 19);
    expect(pair.parties.b.state.tag).to.equal("Normal");
    pair.block(htlc.expiry - 18);
    expect(pair.parties.b.state.tag).to.equal("Failed");
  });
});
