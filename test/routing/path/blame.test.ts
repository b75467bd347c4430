import { expect } from "chai";
import { type ReadFailure, readMalformed } from "../../../routing/onion/failure.ts";
import type { FailureMessage } from "../../../routing/onion/failure-messages.ts";
import { NO_UPDATE } from "../../../routing/onion/failure-messages.ts";
import { blame } from "../../../routing/path/blame.ts";
import type { Route } from "../../../routing/path/route.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { node, scid } from "./networks.ts";

/** We are 1; the way is 1 –1– 2 –2– 3 –3– 4. */
const ROUTE: Route = {
  hops: [2, 3, 4].map((number) => ({
    nodeId: node(number),
    shortChannelId: scid(number - 1),
    amount: msat(1n),
    expiry: cltvExpiry(1),
  })),
};
const at = (hop: number, failure: FailureMessage): ReadFailure => ({ tag: "Attributed", hop, failure });
const blamed = (read: ReadFailure) => blame(ROUTE, node(1), read);
const edge = (from: number, permanent: boolean) => ({
  tag: "Edge",
  edge: { from: node(from), shortChannelId: scid(from) },
  permanent,
});
const channel_update = NO_UPDATE;

describe("BOLT 4 §Receiving Failure Codes: an intermediate hop answers", () => {
  it("blames the channel behind it, for good when PERM is set", () => {
    expect(blamed(at(0, { name: "temporary_channel_failure", channel_update }))).to.deep.equal(edge(2, false));
    expect(blamed(at(1, { name: "unknown_next_peer" }))).to.deep.equal(edge(3, true));
    expect(blamed(at(1, { name: "fee_insufficient", htlc_msat: 1n, channel_update }))).to.deep.equal(edge(3, false));
  });
  it("blames the node when NODE is set, or when it does not understand its own payload", () => {
    const of = (permanent: boolean) => ({ tag: "Node", nodeId: node(3), permanent });
    expect(blamed(at(1, { name: "temporary_node_failure" }))).to.deep.equal(of(false));
    expect(blamed(at(1, { name: "permanent_node_failure" }))).to.deep.equal(of(true));
    expect(blamed(at(1, { name: "invalid_onion_payload", type: 2n, offset: 0 }))).to.deep.equal(of(true));
  });
  it("blames the node when it says what only a payee may say", () => {
    const failure = { name: "incorrect_or_unknown_payment_details", htlc_msat: 1n, height: 1 } as const;
    expect(blamed(at(0, failure))).to.deep.equal({ tag: "Node", nodeId: node(2), permanent: true });
  });
  it("blames the channel to the node that could not read the onion", () => {
    const sha256_of_onion = new Uint8Array(32);
    expect(blamed(at(0, { name: "invalid_onion_hmac", sha256_of_onion }))).to.deep.equal(edge(2, false));
    expect(blamed(readMalformed(0xc005))).to.deep.equal(edge(1, false));
  });
  it("goes by the flags of a code that it does not know", () => {
    const unknown = (code: number) => blamed({ tag: "Attributed", hop: 0, failure: { name: "unknown", code } });
    expect(unknown(0x0063)).to.deep.equal(edge(2, false));
    expect(unknown(0x4063)).to.deep.equal(edge(2, true));
    expect(unknown(0x6063)).to.deep.equal({ tag: "Node", nodeId: node(2), permanent: true });
  });
});

describe("BOLT 4 §Origin node: nobody's failure can be read", () => {
  it("blames nobody where nothing tells whose it is", () => {
    expect(blamed({ tag: "Unreadable" })).to.deep.equal({ tag: "Unknown" });
  });
  it("blames the channel at whose ends the codes stop to fit, and the payee where all fit", () => {
    const followed = [0, 1, 2, 3].map((count) => blamed({ tag: "Unreadable", followed: count }));
    expect(followed).to.deep.equal([edge(1, false), edge(2, false), edge(3, false), { tag: "Payee" }]);
  });
});

describe("BOLT 4 §Receiving Failure Codes: the final node answers", () => {
  it("ends the payment", () => {
    const failure = { name: "incorrect_or_unknown_payment_details", htlc_msat: 1n, height: 1 } as const;
    expect(blamed(at(2, failure))).to.deep.equal({ tag: "Payee" });
    expect(blamed(at(2, { name: "mpp_timeout" }))).to.deep.equal({ tag: "Payee" });
  });
  it("blames the channel before it when less arrived, or for a shorter time, than the onion says", () => {
    expect(blamed(at(2, { name: "final_incorrect_htlc_amount", incoming_htlc_amt: 1n }))).to.deep.equal(edge(3, false));
    expect(blamed(at(2, { name: "final_incorrect_cltv_expiry", cltv_expiry: 1 }))).to.deep.equal(edge(3, false));
  });
});

describe("an unreadable failure", () => {
  it("blames nobody in particular", () => {
    expect(blamed({ tag: "Unreadable" })).to.deep.equal({ tag: "Unknown" });
  });
});
