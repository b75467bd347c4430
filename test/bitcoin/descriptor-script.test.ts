import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { parseDescriptor } from "../../src/bitcoin/descriptor-parse.ts";
import { scriptOf } from "../../src/bitcoin/descriptor-script.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { publicDerivation } from "../../src/daemon/wallet/descriptor-keys.ts";

const KEY = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd";
const X = KEY.slice(2);
const LONG = `04${X}5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235`;
const A =
  "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL";
const B =
  "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y";
const C =
  "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH";

function scripts(text: string, count = 1): readonly string[] {
  const parsed = parseDescriptor(text, CHAINS.mainnet);
  if (!parsed.ok) throw new Error(parsed.error.code);
  const derive = publicDerivation();
  return Array.from({ length: count }, (_, index) => toHex(scriptOf(parsed.value, index, derive)));
}

/** From the test vectors of the BIPs: what each descriptor stands for, the first three of a row. */
const VECTORS: { readonly [bip: string]: readonly (readonly [string, ...string[]])[] } = {
  "BIP 381 §Test Vectors": [
    [`pk(${KEY})`, `21${KEY}ac`],
    [`pk(${LONG})`, `41${LONG}ac`],
    [`pkh([deadbeef/1/2'/3/4']${KEY})`, "76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"],
    [`pkh([deadbeef/1/2h/3/4h]${KEY})`, "76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"],
    [`pkh(${LONG})`, "76a914b5bd079c4d57cc7fc28ecf8213a6b791625b818388ac"],
    [`sh(pk(${KEY}))`, "a9141857af51a5e516552b3086430fd8ce55f7c1a52487"],
    [`sh(pkh(${KEY}))`, "a9141a31ad23bf49c247dd531a623c2ef57da3c400c587"],
    [`pk(${B}/0)`, "210379e45b3cf75f9c5f9befd8e9506fb962f6a9d185ac87001ec44a8d3df8d4a9e3ac"],
  ],
  "BIP 382 §Test Vectors": [
    [`wpkh(${KEY})`, "00149a1c78a507689f6f54b847ad1cef1e614ee23f1e"],
    [
      `wpkh([ffffffff/13']${C}/1/2/*)`,
      "0014326b2249e3a25d5dc60935f044ee835d090ba859",
      "0014af0bd98abc2f2cae66e36896a39ffe2d32984fb7",
      "00141fa798efd1cbf95cebf912c031b8a4a6e9fb9f27",
    ],
    [`wsh(pkh(${KEY}))`, "0020338e023079b91c58571b20e602d7805fb808c22473cbc391a41b1bd3a192e75b"],
    [`wsh(pk(${KEY}))`, "00202e271faa2325c199d25d22e1ead982e45b64eeb4f31e73dbdf41bd4b5fec23fa"],
    [`sh(wsh(pkh(${KEY})))`, "a914b61b92e2ca21bac1e72a3ab859a742982bea960a87"],
  ],
  "BIP 383 §Test Vectors": [
    [`multi(1,${KEY},${LONG})`, `5121${KEY}41${LONG}52ae`],
    [`sortedmulti(1,${LONG},${KEY})`, `5121${KEY}41${LONG}52ae`],
    [
      `sortedmulti(2,${A}/*,${B}/0/0/*)`,
      "5221025d5fc65ebb8d44a5274b53bac21ff8307fec2334a32df05553459f8b1f7fe1b62102fbd47cc8034098f0e6a94c6aeee8528abf0a2153a5d8e46d325b7284c046784652ae",
      "52210264fd4d1f5dea8ded94c61e9641309349b62f27fbffe807291f664e286bfbe6472103f4ece6dfccfa37b211eb3d0af4d0c61dba9ef698622dc17eecdf764beeb005a652ae",
      "5221022ccabda84c30bad578b13c89eb3b9544ce149787e5b538175b1d1ba259cbb83321024d902e1a2fc7a8755ab5b694c575fce742c48d9ff192e63df5193e4c7afe1f9c52ae",
    ],
  ],
  "BIP 385 §Test Vectors": [
    ["raw(deadbeef)", "deadbeef"],
    ["addr(3PUNyaW7M55oKWJ3kDukwk9bsKvryra15j)", "a914eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee87"],
  ],
  "BIP 386 §Test Vectors": [
    [`tr(${X})`, "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"],
    [`tr(${KEY})`, "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"],
  ],
};

describe("The scripts of descriptors", () => {
  for (const [bip, vectors] of Object.entries(VECTORS))
    it(`are those of ${bip}`, () => {
      for (const [text, ...expected] of vectors) expect(scripts(text, expected.length), text).to.deep.equal(expected);
    });

  it("are those of an account of BIP 86 §Test vectors", () => {
    const xpub =
      "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ";
    const addresses = scripts(`tr([73c5da0a/86h/0h/0h]${xpub}/0/*)`).map((script) =>
      addressOf(fromHex(script), CHAINS.mainnet),
    );
    expect(addresses).to.deep.equal(["bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"]);
  });

  it("of one key are the same whatever the index", () => {
    const [first, second] = scripts(`wpkh(${A}/7)`, 2);
    expect(first).to.equal(second);
  });
});
