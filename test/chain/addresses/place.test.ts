import { expect } from "chai";
import { hostOf, placeOf, placeOfText } from "../../../src/adapters/chain/embedded/places.ts";
import { present } from "../../../src/base/result.ts";
import { groupOf, isPublicPlace, type Place, placeKey } from "../../../src/chain/addresses/place.ts";

const at = (host: string): Place => present(placeOf(host, 8333), host);

describe("P2P: where a node is", () => {
  it("is public only where the internet leads to", () => {
    const open = ["8.8.8.8", "1.2.3.4", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2a01:4f8::1", "2001:4860::8888"];
    const closed = ["0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.9.9", "127.0.0.1", "169.254.1.1", "172.16.0.1"];
    closed.push("172.31.9.9", "192.168.1.1", "198.19.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::1", "::");
    closed.push("fe80::1", "fc00::1", "2001:db8::1", "2001::1", "2002:808:808::1", "ff02::1", "64:ff9b::808:808");
    expect(open.filter((host) => !isPublicPlace(at(host)))).to.deep.equal([]);
    expect(closed.filter((host) => isPublicPlace(at(host)))).to.deep.equal([]);
    expect(isPublicPlace({ ...at("8.8.8.8"), port: 0 })).to.equal(false);
  });
  it("belongs to the group of its first two bytes, or four of IPv6", () => {
    expect(
      ["8.9.1.2", "8.9.250.1", "::ffff:8.9.7.7", "2a01:4f8:1::1", "2a01:4f8:ffff::2"].map(at).map(groupOf),
    ).to.deep.equal(["4:0809", "4:0809", "4:0809", "6:2a0104f8", "6:2a0104f8"]);
  });
  it("is written as sockets write it, and read again", () => {
    for (const text of ["8.9.1.2:8333", "2a01:4f8::1:8333"]) {
      const place = present(placeOfText(text), text);
      expect(`${hostOf(place)}:${place.port}`).to.equal(text);
    }
    expect(placeKey(present(placeOfText("::ffff:8.9.1.2:8333"), "IPv4 in IPv6"))).to.equal(placeKey(at("8.9.1.2")));
    expect(["here:8333", "8.8.8.8", "8.8.8.8:0", "8.8.8.8:99999", "8.8.8.8:x"].map(placeOfText)).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
