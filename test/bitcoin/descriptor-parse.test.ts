import { HDKey } from "@scure/bip32";
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { encodeBase58Check } from "../../src/bitcoin/base58.ts";
import { isRanged, printDescriptor } from "../../src/bitcoin/descriptor.ts";
import { withChecksum } from "../../src/bitcoin/descriptor-checksum.ts";
import type { DescriptorFault } from "../../src/bitcoin/descriptor-fault.ts";
import { parseDescriptor } from "../../src/bitcoin/descriptor-parse.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2wpkh } from "../../src/bitcoin/templates.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";

const TEST_VERSIONS = { public: 0x0435_87cf, private: 0x0435_8394 };
const root = HDKey.fromMasterSeed(new Uint8Array(32).fill(7), TEST_VERSIONS);
const tpub = root.derive("m/84'/1'/0'").publicExtendedKey;
const KEY = toHex(secp256k1.publicKey(new Uint8Array(32).fill(5)));
const KEYS = Array.from({ length: 21 }, (_, i) => toHex(secp256k1.publicKey(new Uint8Array(32).fill(i + 1))));
const LONG =
  "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235";
const ADDRESS = addressOf(p2wpkh(new Uint8Array(20).fill(3)), CHAINS.regtest) ?? "";

const faultOf = (text: string, params = CHAINS.regtest): DescriptorFault["code"] | "none" => {
  const parsed = parseDescriptor(text, params);
  return parsed.ok ? "none" : parsed.error.code;
};

/** Every form that is read, as it is written. */
const number = fc.oneof(fc.nat(9), fc.constant(2 ** 31 - 1));
const originOf = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.constantFrom("deadbeef", "00000000"), fc.array(fc.tuple(number, fc.constantFrom("", "h", "'"))))
    .map(([print, steps]) => `[${[print, ...steps.map(([step, mark]) => `${step}${mark}`)].join("/")}]`),
);
const extendedOf = fc
  .tuple(fc.array(number, { maxLength: 4 }), fc.constantFrom("", "/*"))
  .map(([path, star]) => [tpub, ...path].join("/") + star);
const keyOf = (...more: string[]) =>
  fc.tuple(originOf, fc.oneof(extendedOf, fc.constantFrom(KEY, ...more))).map(([origin, key]) => `${origin}${key}`);
const multiOf = (most: number, ...more: string[]) =>
  fc
    .tuple(
      fc.constantFrom("multi", "sortedmulti"),
      fc.array(keyOf(...more), { minLength: 1, maxLength: most }),
      fc.nat(),
    )
    .map(([name, keys, some]) => `${name}(${(some % keys.length) + 1},${keys.join(",")})`);
const wrap = (name: string, inner: fc.Arbitrary<string>) => inner.map((text) => `${name}(${text})`);
const wsh = wrap("wsh", fc.oneof(wrap("pk", keyOf()), wrap("pkh", keyOf()), multiOf(20)));
const descriptor = fc.oneof(
  wrap("pk", keyOf(LONG)),
  wrap("pkh", keyOf(LONG)),
  wrap("wpkh", keyOf()),
  wrap("tr", keyOf(KEY.slice(2))),
  multiOf(3, LONG),
  wsh,
  wrap("sh", fc.oneof(wrap("wpkh", keyOf()), wrap("pk", keyOf(LONG)), wrap("pkh", keyOf(LONG)), wsh, multiOf(7, LONG))),
  fc.constant(`addr(${ADDRESS})`),
  wrap("raw", fc.uint8Array({ maxLength: 40 }).map(toHex)),
);

describe("Reading a descriptor", () => {
  it("gives what prints as it was written, with its checksum", () => {
    fc.assert(
      fc.property(descriptor, (text) => {
        const written = withChecksum(text) ?? "";
        for (const given of [text, written]) {
          const parsed = parseDescriptor(given, CHAINS.regtest);
          expect(parsed.ok && printDescriptor(parsed.value)).to.equal(written);
        }
      }),
      { seed: 380, numRuns: 300 },
    );
  });

  it("never throws, and takes nothing whose text was changed but is not", () => {
    const piece = fc.oneof(fc.constantFrom("(", ")", ",", "[", "]", "/", "*", "#", "h", "'", "0"), fc.string());
    fc.assert(
      fc.property(descriptor, fc.nat(), fc.nat(20), piece, (text, at, cut, put) => {
        const from = at % text.length;
        const changed = text.slice(0, from) + put + text.slice(from + cut);
        const parsed = parseDescriptor(changed, CHAINS.regtest);
        if (parsed.ok) expect(printDescriptor(parsed.value).split("#")[0]).to.equal(changed.split("#")[0]);
        const whole = parseDescriptor((withChecksum(text) ?? "").replace(text, changed), CHAINS.regtest);
        expect(whole.ok).to.equal(changed === text);
      }),
      { seed: 381, numRuns: 500 },
    );
  });

  it("tells a row of scripts from one", () => {
    const ranged = [`wpkh(${tpub}/0/*)`, `wpkh(${tpub}/0)`, `multi(1,${KEY},${tpub}/*)`, `addr(${ADDRESS})`].map(
      (text) => {
        const parsed = parseDescriptor(text, CHAINS.regtest);
        return parsed.ok && isRanged(parsed.value);
      },
    );
    expect(ranged).to.deep.equal([true, false, true, false]);
  });
});

describe("BIP 380 §Test Vectors: of a checksum", () => {
  for (const [text, code] of [
    ["raw(deadbeef)#89f8spxm", "none"],
    ["raw(deadbeef)", "none"],
    ["raw(deadbeef)#", "bad_checksum"],
    ["raw(deadbeef)#89f8spxmx", "bad_checksum"],
    ["raw(deadbeef)#89f8spx", "bad_checksum"],
    ["raw(deedbeef)#89f8spxm", "bad_checksum"],
    ["raw(deedbeef)##9f8spxm", "bad_checksum"],
    ["raw(Ü)#00000000", "bad_character"],
  ] as const)
    it(`${text}: ${code}`, () => expect(faultOf(text)).to.equal(code));
});

describe("What is no descriptor for us", () => {
  const multi = (count: number, needed: number | string = 1) => `multi(${[needed, ...KEYS.slice(0, count)].join(",")})`;
  const odd = tpub.slice(0, -1) + (tpub.endsWith("1") ? "2" : "1");
  const serialised = (depth: number, parent: number) => {
    const bytes = new Uint8Array(78);
    new DataView(bytes.buffer).setUint32(0, TEST_VERSIONS.public);
    bytes.set([depth, parent], 4);
    bytes.set(secp256k1.publicKey(new Uint8Array(32).fill(9)), 45);
    return encodeBase58Check(bytes);
  };
  const refused: { readonly [C in DescriptorFault["code"]]: readonly string[] } = {
    too_long: [`raw(${"00".repeat(5_000)})`],
    bad_character: ["raw(Ü)", "wpkh(\u0000)"],
    private_key: [],
    bad_checksum: [`wpkh(${KEY})#qqqqqqqq`],
    malformed: ["", "wpkh", "wpkh(", `wpkh(${KEY}`, `wpkh(${KEY}) `, `sh(${KEY})`, ")(", `wsh(${KEY})`],
    unknown_function: [`combo(${KEY})`, "()", `WPKH(${KEY})`, ` wpkh(${KEY})`, "constructor(1)", `wsh(older(5))`],
    misplaced_function: [
      `wsh(wpkh(${KEY}))`,
      `sh(sh(pkh(${KEY})))`,
      `wsh(wsh(pkh(${KEY})))`,
      `sh(wsh(wsh(pkh(${KEY}))))`,
      `wsh(tr(${KEY}))`,
      `sh(tr(${KEY}))`,
      "sh(raw(deadbeef))",
      `wsh(addr(${ADDRESS}))`,
    ],
    script_tree: [`tr(${KEY},pk(${KEY}))`],
    bad_origin: [
      `pk([deadbeef/0h/*]${KEY})`,
      `pk([deadbeef/0h/]${KEY})`,
      `pk([deadbef/0h]${KEY})`,
      `pk([deadbeeef/0h]${KEY})`,
      `pk([deadbeef/0f]${KEY})`,
      `pk([deadbeef/0H]${KEY})`,
      `pk([deadbeef/-0]${KEY})`,
      `pk([deadbeef/01]${KEY})`,
      `pk([deadbeef/2147483648]${KEY})`,
      `pk([gaaaaaaa]${KEY})`,
      `pk([deadbeef${KEY})`,
      `pk([deadbeef${"/1".repeat(256)}]${KEY})`,
    ],
    bad_key: [
      "pk()",
      "pk([deadbeef])",
      `pk(aaaaaaaa]${KEY})`,
      `pk([aaaaaaaa][aaaaaaaa]${KEY})`,
      `pk(pk(${KEY}))`,
      `wpkh(wsh(pkh(${KEY})))`,
      `pk(${KEY}/0)`,
      `pk(${KEY.slice(2)})`,
      `pk(05${KEY.slice(2)})`,
      `pk(02${"ff".repeat(32)})`,
      `tr(${"ff".repeat(32)})`,
      `pk(04${"11".repeat(64)})`,
      `wpkh(${odd})`,
      `wpkh(${serialised(0, 1)})`,
      `wpkh(ypub${tpub.slice(4)})`,
    ],
    uncompressed_key: [`wpkh(${LONG})`, `sh(wpkh(${LONG}))`, `wsh(pk(${LONG}))`, `tr(${LONG})`],
    wrong_network: [`wpkh(${HDKey.fromMasterSeed(new Uint8Array(32)).publicExtendedKey})`],
    hardened_step: [`wpkh(${tpub}/3h/4)`, `wpkh(${tpub}/3')`, `wpkh(${tpub}/*h)`, `wpkh(${tpub}/0/*')`],
    bad_path: [
      `wpkh(${tpub}/2147483648)`,
      `wpkh(${tpub}/1aa)`,
      `wpkh(${tpub}/*/1)`,
      `wpkh(${tpub}/)`,
      `wpkh(${tpub}/**)`,
      `wpkh(${tpub}/00)`,
      `wpkh(${tpub}/<0;1>/*)`,
      `wpkh(${tpub}${"/1".repeat(253)})`,
    ],
    bad_threshold: [multi(3, 0), multi(3, 4), multi(3, "a"), multi(3, "01"), multi(3, -1), "multi(1)", "multi()"],
    too_many_keys: [multi(4), `wsh(${multi(21)})`, `sh(${multi(16)})`],
    bad_address: ["addr(asdf)", "addr()"],
    bad_script: ["raw(asdf)", "raw(abc)"],
  };
  for (const [code, texts] of Object.entries(refused))
    if (texts.length > 0)
      it(`${code}: ${texts.length} texts`, () => {
        for (const text of texts) expect(faultOf(text), text).to.equal(code);
      });

  it("is not refused at its limits", () => {
    expect(faultOf(`raw(${"00".repeat(4_997)})`)).to.equal("none");
    expect(faultOf(`wsh(${multi(20, 20)})`)).to.equal("none");
    expect(faultOf(`sh(${multi(15, 15)})`)).to.equal("none");
    expect(faultOf(multi(3, 3))).to.equal("none");
    expect(faultOf(`wpkh(${tpub}${"/1".repeat(252)})`)).to.equal("none");
    expect(faultOf(`wpkh(${serialised(0, 0)})`)).to.equal("none");
  });

  it("belongs to another network", () => {
    expect(faultOf(`addr(${ADDRESS})`, CHAINS.mainnet)).to.equal("wrong_network");
    expect(faultOf(`wpkh(${tpub})`, CHAINS.mainnet)).to.equal("wrong_network");
  });
});

describe("A private key in a descriptor", () => {
  const wif = (prefix: number, ...end: number[]) =>
    encodeBase58Check(Uint8Array.of(prefix, ...new Uint8Array(32).fill(0x11), ...end));
  const secrets = [
    root.privateExtendedKey,
    HDKey.fromMasterSeed(new Uint8Array(32)).privateExtendedKey,
    wif(0x80, 1),
    wif(0x80),
    wif(0xef, 1),
    wif(0xef),
  ];
  it("is refused by a code of its own, wherever it stands and mistyped as well, and the refusal holds nothing of it", () => {
    for (const secret of secrets)
      for (const mistyped of [secret, `${secret.slice(0, -1)}z`])
        for (const text of [
          mistyped,
          `wpkh(${mistyped})`,
          `wpkh(${mistyped}/0/*)#qqqqqqqq`,
          `wpkh([deadbeef/1h]${mistyped}/0h)`,
          `sh(wsh(multi(1,${KEY},${mistyped})))`,
          `wpkh( ${mistyped} )`,
        ])
          expect(parseDescriptor(text, CHAINS.regtest)).to.deep.equal({ ok: false, error: { code: "private_key" } });
  });

  it("is not what a script looks like that begins with the same digits", () => {
    expect(faultOf(`raw(5${"1".repeat(51)})`)).to.equal("none");
  });
});
