import { expect } from "chai";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { type NetworkAddress, networkAddress } from "../../src/bitcoin/address-messages.ts";
import { decodePayload, encodePayload } from "../../src/bitcoin/messages.ts";
import { decode, encode } from "../../src/codec/codec.ts";
import { describeVectors } from "../support/vectors.ts";

interface Addresses {
  readonly valid: readonly { readonly bytes: string; readonly network: string; readonly address: string }[];
  readonly invalid: readonly string[];
  readonly addrv2_message: {
    readonly payload: string;
    readonly entries: readonly {
      readonly time: number;
      readonly services: number;
      readonly network_id: number;
      readonly addr: string;
      readonly port: number;
    }[];
  };
}
/** As people write addresses of these networks. */
function shown(value: NetworkAddress): { readonly network: string; readonly address: string } {
  const { address } = value;
  const hex = toHex(address);
  if ("id" in value) return { network: `unknown(${value.id})`, address: hex };
  const groups = (hex.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(":");
  if (value.network === "ipv4") return { network: "ipv4", address: address.join(".") };
  if (value.network === "ipv6" || value.network === "cjdns") return { network: value.network, address: groups };
  return { network: value.network, address: hex };
}

describeVectors<{ addrv2: Addresses }>("BIP 155 §Specification", "bitcoin/p2p-messages.json", ({ addrv2 }) => {
  for (const { bytes, network, address } of addrv2.valid) {
    it(`reads and writes an address of ${network}: ${address}`, () => {
      const read = decode(networkAddress, fromHex(bytes));
      if (!read.ok) return expect.fail(`${read.error}`);
      expect(shown(read.value)).to.deep.equal({ network, address });
      expect(toHex(encode(networkAddress, read.value))).to.equal(bytes);
    });
  }
  for (const bytes of addrv2.invalid) {
    // An IPv6 address that is one of another network, and one of cjdns that begins otherwise.
    const isAddress = /^(0210(0{20}ffff|fd87d87eeb43)|0610fd)/.test(bytes);
    it(`${isAddress ? "passes over" : "refuses"} ${bytes}`, () => {
      const read = decode(networkAddress, fromHex(bytes));
      expect(read.ok && [read.value.network, toHex(encode(networkAddress, read.value))]).to.deep.equal(
        isAddress && ["none", bytes],
      );
    });
  }
  it("reads and writes a whole message, with services of any length and networks that it does not know", () => {
    const { payload, entries } = addrv2.addrv2_message;
    const read = decodePayload("addrv2", fromHex(payload));
    if (!read.ok || read.value?.name !== "addrv2") return expect.fail(JSON.stringify(read));
    const seen = read.value.addresses.map(({ time, services, address, port }) => {
      const id = encode(networkAddress, address)[0];
      return { time, services: Number(services), network_id: id, addr: toHex(address.address), port };
    });
    expect(seen).to.deep.equal(entries);
    expect(toHex(encodePayload(read.value))).to.equal(payload);
  });
});

describe("addresses of other networks", () => {
  it("B11: an address of a network that nobody knows is kept as it is, whatever its length up to 512 bytes", () => {
    for (const length of [0, 1, 300, 512]) {
      const address = new Uint8Array(length).fill(7);
      const bytes = encode(networkAddress, { network: "unknown", id: 200, address });
      expect(decode(networkAddress, bytes)).to.deep.equal({
        ok: true,
        value: { network: "unknown", id: 200, address },
      });
    }
    const longer = concat(fromHex("c8fd0102"), new Uint8Array(513));
    const read = decode(networkAddress, longer);
    expect(read.ok || read.error.toString()).to.equal("out_of_range at address");
  });
  it("B11: an address that is too short or too long for its network is refused, and one that begins wrongly is none", () => {
    const of = (id: number, ...address: readonly number[]): boolean | string => {
      const read = decode(networkAddress, Uint8Array.of(id, address.length, ...address));
      return read.ok && (read.value.network === "none" ? "none" : true);
    };
    const sixteen = (...first: readonly number[]) => [...first, ...new Array<number>(16 - first.length).fill(1)];
    const wrong = [of(1, 1, 2, 3), of(1, 1, 2, 3, 4, 5), of(3, ...sixteen()), of(6, 0xfc)];
    expect(wrong).to.deep.equal([false, false, false, false]);
    expect([of(7, ...sixteen(0x04)), of(6, ...sixteen(0xfd))]).to.deep.equal(["none", "none"]);
    const right = [of(1, 1, 2, 3, 4), of(3, ...sixteen().slice(6)), of(7, ...sixteen(0x02)), of(7, ...sixteen(0x03))];
    expect(right).to.deep.equal([true, true, true, true]);
  });
});
