import { expect } from "chai";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
import { learn, noteDialled, noteReached } from "../../../src/chain/addresses/book.ts";
import { bookText, readBook } from "../../../src/chain/addresses/kept.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { NOW } from "../builder.ts";
import { emptyBook, place, told } from "./told.ts";

const SEED = new Uint8Array(16).fill(7);
function full() {
  const book = emptyBook();
  for (let b = 0; b < 40; b++) learn(book, told(place(8, b, 1, 1)), `4:${b}`, NOW);
  for (let b = 0; b < 10; b++) noteReached(book, place(9, b, 1, 1), 9n, NOW - b);
  noteDialled(book, place(8, 3, 1, 1), NOW);
  return book;
}
const sealed = (body: unknown): string => {
  const text = JSON.stringify(body);
  return `${toHex(sha256(utf8(text)))}\n${text}\n`;
};

describe("P2P: the kept book of addresses", () => {
  it("is the same book when it is read again, with its anchors", () => {
    const book = full();
    const anchors = [place(9, 1, 1, 1), place(9, 2, 1, 1)];
    const kept = readBook(bookText({ book, anchors }), SEED, NOW);
    expect(kept?.anchors).to.deep.equal(anchors);
    expect(new Map(kept?.book.nodes)).to.deep.equal(book.nodes);
    expect([...(kept?.book.proven ?? [])]).to.have.deep.members([...book.proven]);
  });
  it("is nothing when a byte of it is missing or another one", () => {
    const text = bookText({ book: full(), anchors: [] });
    const torn = ["", text.slice(0, 100), text.slice(0, -2), text.replace('"version":1', '"version":2'), `x${text}`];
    expect(torn.map((each) => readBook(each, SEED, NOW))).to.deep.equal(torn.map(() => undefined));
  });
  it("is nothing, or less, when somebody has written other things into it", () => {
    const secret = "05".repeat(16);
    const bodies = [null, 3, [], { version: 2 }, { version: 1, secret: "05", anchors: [], nodes: [] }];
    for (const body of [...bodies, { version: 1, secret, anchors: 0, nodes: [] }])
      expect(readBook(sealed(body), SEED, NOW)).to.equal(undefined);
    const good = [toHex(place(8, 8, 8, 8).ip), 8333, "4:0101", "9", NOW, 0, 0, 0];
    const odd = [null, [], ["zz"], [...good.slice(0, 4), -1, 0, 0, 0], [...good.slice(0, 4), 1e300, 0, 0, 0]];
    const more = [[good[0], 99_999, ...good.slice(2)], [...good.slice(0, 3), "x", ...good.slice(4)], good];
    const kept = readBook(sealed({ version: 1, secret, anchors: [1, good], nodes: [...odd, ...more] }), SEED, NOW);
    expect([kept?.book.nodes.size, kept?.anchors]).to.deep.equal([1, [place(8, 8, 8, 8)]]);
  });
});
