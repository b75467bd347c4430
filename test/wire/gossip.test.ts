import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import { type NodeAddress, readAddresses, writeAddresses } from "../../src/wire/addresses.ts";
import { ChannelAnnouncement, NodeAnnouncement, signedDigest, signedRegion } from "../../src/wire/gossip.ts";
import { encodeMessage, payloadOf, type WireMessage } from "../../src/wire/registry.ts";
import { arbitraryMessage } from "../support/arbitraries.ts";

const sample = (declared: Parameters<typeof arbitraryMessage>[0]): Uint8Array =>
  payloadOf(encodeMessage(fc.sample(arbitraryMessage(declared), { seed: 7, numRuns: 1 })[0] as unknown as WireMessage));

describe("the signed part of gossip", () => {
  it("begins behind four signatures in channel_announcement, behind one elsewhere", () => {
    const channel = sample(ChannelAnnouncement);
    expect(signedRegion("channel_announcement", channel)).to.deep.equal(channel.slice(256));
    const node = sample(NodeAnnouncement);
    expect(signedRegion("node_announcement", node)).to.deep.equal(node.slice(64));
    expect(signedDigest("channel_update", node)).to.deep.equal(sha256d(node.slice(64)));
  });
  it("covers bytes that we do not understand (CONFORMANCE 7)", () => {
    const node = sample(NodeAnnouncement);
    const longer = concat(node, fromHex("0102"));
    expect(signedDigest("node_announcement", longer)).to.deep.equal(sha256d(concat(node.slice(64), fromHex("0102"))));
  });
});

const v4: NodeAddress = { tag: "ipv4", host: fromHex("7f000001"), port: 9735 };
const v6: NodeAddress = { tag: "ipv6", host: fromHex(`${"00".repeat(15)}01`), port: 9736 };
const tor: NodeAddress = { tag: "tor_v3", host: fromHex("aa".repeat(35)), port: 9737 };
const dns: NodeAddress = { tag: "dns", hostname: "node.example", port: 9738 };
const V4 = "017f0000012607";
const read = (hex: string) => {
  const result = readAddresses(fromHex(hex));
  return result.ok ? result.value : String(result.error);
};

describe("BOLT 7 §The node_announcement Message: address descriptors", () => {
  it("writes in ascending order of type and reads the same back", () => {
    const field = writeAddresses([dns, tor, v6, v4]);
    expect(toHex(field).startsWith(`${V4}02`)).to.equal(true);
    expect(readAddresses(field)).to.deep.equal({ ok: true, value: { addresses: [v4, v6, tor, dns], relay: true } });
  });
  it("writes no second hostname, no port 0, no host of a wrong length", () => {
    expect(() => writeAddresses([dns, dns])).to.throw("at most one DNS hostname");
    expect(() => writeAddresses([{ ...v4, port: 0 }])).to.throw("has a port");
    expect(() => writeAddresses([{ ...v4, host: fromHex("7f") }])).to.throw("length of its type");
    expect(() => writeAddresses([{ ...dns, hostname: "nöde" }])).to.throw("a hostname of ASCII");
  });
  it("reads an empty field, and ends without complaint at an unknown type", () => {
    expect(read("")).to.deep.equal({ addresses: [], relay: true });
    expect(read(`${V4}00`)).to.deep.equal({ addresses: [v4], relay: true });
    expect(read(`c8${V4}`)).to.deep.equal({ addresses: [], relay: true });
    expect(read(`${V4}c8ffff`)).to.deep.equal({ addresses: [v4], relay: true });
  });
  it("passes over Tor v2 and over port 0", () => {
    expect(read(`017f0000010000${V4}03${"bb".repeat(12)}`)).to.deep.equal({ addresses: [v4], relay: true });
  });
  it("keeps the first hostname only, and then says not to relay", () => {
    const hostname = toHex(writeAddresses([dns]));
    expect(read(`${V4}${hostname}${hostname}`)).to.deep.equal({ addresses: [v4, dns], relay: false });
  });
  it("refuses a known type that is cut short, and a hostname that is not ASCII", () => {
    expect(read(V4.slice(0, -2))).to.equal("short_read at addresses");
    expect(read(`03${"bb".repeat(11)}`)).to.equal("short_read at addresses");
    expect(read("0502c3a92607")).to.equal("invalid at addresses.hostname");
    expect(read("050161260709")).to.deep.equal({ addresses: [{ tag: "dns", hostname: "a", port: 9735 }], relay: true });
  });
  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (field) => {
        expect(readAddresses(field).ok).to.be.a("boolean");
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
