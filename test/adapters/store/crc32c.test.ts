import { expect } from "chai";
import { crc32c } from "../../../src/adapters/store/crc32c.ts";
import { utf8 } from "../../../src/base/bytes.ts";

describe("CRC-32C", () => {
  it("gives the check value of the catalogue and those of RFC 3720, appendix B.4", () => {
    expect(crc32c(utf8("123456789"))).to.equal(0xe3069283);
    expect(crc32c(new Uint8Array(32))).to.equal(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).to.equal(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).to.equal(0x46dd794e);
  });
  it("does not care where parts end", () => {
    expect(crc32c(utf8("1234"), utf8(""), utf8("56789"))).to.equal(0xe3069283);
  });
});
