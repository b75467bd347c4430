import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import {
  type AddressBook,
  addressBook,
  type KnownNode,
  learn,
  noteDialled,
  noteReached,
  pick,
  sampleOf,
} from "../../../src/chain/addresses/book.ts";
import { groupOf, type Place, placeKey } from "../../../src/chain/addresses/place.ts";
import { NOW } from "../builder.ts";
import { emptyBook, place, told } from "./told.ts";

const DAY = 86_400;
/** Every address of a /16, as far as one told so many. */
const ofGroup = (a: number, b: number, count: number): readonly Place[] =>
  Array.from({ length: count }, (_, index) => place(a, b, index >> 8, index & 0xff));
const find = (book: AddressBook, at: Place): KnownNode | undefined => book.nodes.get(placeKey(at));
const anybody = { now: NOW, from: "any", isWanted: () => true } as const;

describe("P2P: the book of addresses", () => {
  it("keeps what it is told, once, and nothing that cannot be dialled from anywhere or is long gone", () => {
    const book = emptyBook();
    const [good, again] = [place(8, 9, 1, 2), place(8, 9, 1, 2)];
    expect([good, again].map((at) => learn(book, told(at), "4:0101", NOW))).to.deep.equal([true, false]);
    const bad = [told(place(127, 0, 0, 1)), told(place(10, 0, 0, 1)), told(place(9, 9, 9, 9), NOW - 31 * DAY)];
    expect(bad.map((each) => learn(book, each, "4:0101", NOW))).to.deep.equal([false, false, false]);
    expect([...book.nodes.keys()]).to.deep.equal([placeKey(good)]);
  });
  it("takes a node of hearsay to serve all that anybody says it does: a false word hides no honest one", () => {
    const book = emptyBook();
    const at = place(8, 9, 1, 2);
    learn(book, { ...told(at), services: 0n }, "4:0101", NOW);
    learn(book, { ...told(at), services: 9n }, "seed of ours", NOW);
    expect(find(book, at)?.services).to.equal(9n);
    noteReached(book, at, 8n, NOW);
    learn(book, { ...told(at), services: 65n }, "4:0101", NOW);
    expect(find(book, at)?.services).to.equal(8n);
  });
  it("gives one source a small part of its seats, and one netgroup that answers still fewer", () => {
    const book = emptyBook();
    for (let b = 0; b < 256; b++) for (const at of ofGroup(8, b, 64)) learn(book, told(at), "4:0101", NOW);
    expect(book.nodes.size).to.be.within(900, 1024);
    const proven = emptyBook();
    for (const at of ofGroup(8, 8, 2000)) noteReached(proven, at, 9n, NOW);
    expect(proven.proven.size).to.be.within(100, 256);
  });
  it("is bounded, whoever tells how much", () => {
    const book = emptyBook();
    for (let source = 0; source < 120; source++)
      for (let index = 0; index < 200; index++)
        learn(book, told(place(20 + (index % 60), source % 256, index >> 4, source >> 4)), `4:${source}`, NOW);
    expect(book.nodes.size).to.be.at.most(16_384);
    expect(book.heard.size + book.proven.size).to.equal(book.nodes.size);
    for (const node of book.nodes.values()) expect(book[node.table].get(node.seat)).to.equal(node);
  });
  it("seats by its secret: the same for the same, another for another", () => {
    const seats = (secret: number) => {
      const book = addressBook(new Uint8Array(16).fill(secret), new Uint8Array(16));
      for (const at of ofGroup(8, 8, 20)) learn(book, told(at), "4:0101", NOW);
      return [...book.heard.keys()];
    };
    expect(seats(1)).to.deep.equal(seats(1)).and.not.deep.equal(seats(2));
  });
  it("lets who answered keep its seat for a week, and gives up who never answers", () => {
    const book = emptyBook();
    for (const at of ofGroup(8, 8, 2000)) noteReached(book, at, 9n, NOW);
    const first = new Set([...book.proven.values()].map(({ key }) => key));
    for (const at of ofGroup(8, 8, 4000).slice(2000)) noteReached(book, at, 9n, NOW + 1);
    const after = [...book.proven.values()].filter(({ key }) => !first.has(key));
    expect(after.length).to.be.at.most(256 - first.size);
    const lonely = emptyBook();
    const silent = place(8, 9, 1, 2);
    learn(lonely, told(silent), "4:0101", NOW);
    for (let count = 0; count < 3; count++) noteDialled(lonely, silent, NOW + count);
    const later = { ...anybody, now: NOW + 3600 };
    expect(pick(lonely, later)).to.equal(undefined);
    noteReached(lonely, silent, 9n, NOW + 40);
    expect(find(lonely, silent)).to.include({ failures: 0, table: "proven", reached: NOW + 40 });
    expect(pick(lonely, later)).to.equal(find(lonely, silent));
  });
  it("draws from both tables, only what is wanted, and the same for the same seed", () => {
    const draws = (seed: number) => {
      const book = emptyBook(seed);
      for (const at of ofGroup(8, 8, 50)) learn(book, told(at), "4:0101", NOW);
      for (const at of ofGroup(9, 9, 50)) noteReached(book, at, 9n, NOW);
      return Array.from({ length: 40 }, () => present(pick(book, anybody), "somebody"));
    };
    expect(draws(1)).to.deep.equal(draws(1)).and.not.deep.equal(draws(2));
    expect(new Set(draws(1).map(({ table }) => table))).to.deep.equal(new Set(["heard", "proven"]));
    const book = emptyBook();
    for (const at of [...ofGroup(8, 8, 50), place(9, 9, 0, 1)]) learn(book, told(at), "4:0101", NOW);
    const isWanted = ({ group }: KnownNode) => group === groupOf(place(9, 9, 9, 9));
    expect(pick(book, { ...anybody, isWanted })?.place).to.deep.equal(place(9, 9, 0, 1));
    expect(pick(book, { ...anybody, isWanted: () => false })).to.equal(undefined);
  });
  it("tells at most a quarter of itself, and at most a thousand", () => {
    const book = emptyBook();
    for (let b = 0; b < 256; b++) for (const at of ofGroup(8, b, 24)) learn(book, told(at), `4:${b}`, NOW);
    expect(sampleOf(book, NOW)).to.have.lengthOf(1000);
    const small = emptyBook();
    for (const at of ofGroup(8, 8, 100)) learn(small, told(at), "4:0101", NOW);
    const sample = sampleOf(small, NOW);
    expect(sample).to.have.lengthOf(Math.floor(small.nodes.size * 0.23));
    expect(new Set(sample).size).to.equal(sample.length);
    expect(sampleOf(small, NOW + 40 * DAY)).to.deep.equal([]);
  });
});
