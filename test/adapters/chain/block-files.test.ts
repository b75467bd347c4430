import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { BlockFiles, type BlockPlace, endOf } from "../../../src/adapters/chain/embedded/block-files.ts";
import { removeFolder, tempFolder } from "./world.ts";

const magic = Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda);
const bytesOf = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

describe("files of blocks", () => {
  let folder: string;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => removeFolder(folder));
  const path = (file: number): string => join(folder, `blk0000${file}.dat`);
  const open = (sizes: ReadonlyMap<number, number> = new Map(), fileBytesMax = 100): BlockFiles =>
    new BlockFiles({ folder, magic, sizes, fileBytesMax });
  /** Six blocks of 50 bytes, two in each file. */
  async function filled(): Promise<{ places: readonly BlockPlace[]; sizes: Map<number, number> }> {
    const files = open();
    const places = [0, 1, 2, 3, 4, 5].map((fill) => files.append(bytesOf(50, fill)));
    await files.sync();
    await files.close();
    return { places, sizes: new Map(places.map((place) => [place.file, endOf(place)])) };
  }

  it("give back what was put in, before it is written and after, with magic, length and checksum around it", async () => {
    const files = open();
    const places = [1, 2].map((fill) => files.append(bytesOf(3, fill)));
    expect(places.map((place) => files.read(place))).to.deep.equal([bytesOf(3, 1), bytesOf(3, 2)]);
    await files.sync();
    expect(places.map((place) => files.read(place))).to.deep.equal([bytesOf(3, 1), bytesOf(3, 2)]);
    await files.close();
    expect(readFileSync(path(0)).toString("hex")).to.equal(
      "fabfb5da" + "03000000" + "010101" + "f2b29f90" + "fabfb5da" + "03000000" + "020202" + "d20efd20",
    );
  });
  it("begin a new file when one is full, and go on in the last one", async () => {
    const { places, sizes } = await filled();
    expect(places.map(({ file, offset }) => [file, offset])).to.deep.equal([
      [0, 8],
      [0, 70],
      [1, 8],
      [1, 70],
      [2, 8],
      [2, 70],
    ]);
    const files = open(sizes, 1000);
    expect(files.append(bytesOf(1, 9))).to.deep.equal({ file: 2, offset: 132, length: 1 });
    await files.close();
  });
  it("lose a torn tail, and files that nobody knows of", async () => {
    const { places, sizes } = await filled();
    appendFileSync(path(2), bytesOf(30, 7));
    writeFileSync(path(3), bytesOf(10, 7));
    const files = open(sizes, 1000);
    expect(statSync(path(2)).size).to.equal(sizes.get(2));
    expect(readdirSync(folder)).to.have.lengthOf(3);
    expect(files.read(places[5] as BlockPlace)).to.deep.equal(bytesOf(50, 5));
    await files.close();
  });
  it("refuse to open when bytes are missing, and name the file", async () => {
    const { sizes } = await filled();
    truncateSync(path(1), 100);
    expect(() => open(sizes)).to.throw(`${path(1)} has 100 bytes of 124`);
  });
  it("find every broken byte by the checksum", async () => {
    const { places, sizes } = await filled();
    const [place] = places as [BlockPlace];
    const whole = readFileSync(path(0));
    for (let at = 0; at < endOf(place); at++) {
      const broken = Buffer.from(whole);
      broken[at] = (whole[at] as number) ^ 1;
      writeFileSync(path(0), broken);
      const files = open(sizes);
      expect(() => files.read(place), `byte ${at}`).to.throw(`A block in ${path(0)}, at 8, is broken`);
      await files.close();
    }
  });
  it("are dropped whole", async () => {
    const { places, sizes } = await filled();
    const files = open(sizes);
    files.read(places[0] as BlockPlace);
    files.drop(0);
    files.drop(0);
    expect(readdirSync(folder)).to.deep.equal(["blk00001.dat", "blk00002.dat"]);
    await files.close();
  });
});
