import { expect } from "chai";
import fc from "fast-check";
import { FRAME_BYTES_MAX, type Frame, FrameReader, frameBytes } from "../../../src/adapters/signer/frames.ts";

const frame: fc.Arbitrary<Frame> = fc.record({
  id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  body: fc.uint8Array({ maxLength: 40 }),
});
const length = (bytes: number): Uint8Array => {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, bytes);
  return head;
};

describe("frames of questions and answers", () => {
  it("come whole out of any pieces", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 30 }), (frames, size) => {
        const bytes = frames.flatMap((one) => [...frameBytes(one)]);
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (let at = 0; at < bytes.length; at += size)
          read.push(...(reader.read(Uint8Array.from(bytes.slice(at, at + size))) ?? []));
        expect(read).to.deep.equal(frames);
        expect(reader.isWithin).to.equal(false);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
  it("are awaited whole, the longest too, which takes as long in a thousand pieces as in one", () => {
    const body = new Uint8Array(FRAME_BYTES_MAX - 4).fill(7);
    const bytes = frameBytes({ id: 9, body });
    const reader = new FrameReader();
    for (let at = 0; at < bytes.length - 1; at += 1_000) {
      expect(reader.read(bytes.subarray(at, Math.min(at + 1_000, bytes.length - 1)))).to.deep.equal([]);
      expect(reader.isWithin).to.equal(true);
    }
    const last = reader.read(bytes.subarray(bytes.length - 1)) ?? [];
    expect(last.map(({ id, body: { length: long } }) => [id, long])).to.deep.equal([[9, body.length]]);
  });
  it("are none, now and ever after, whose length is too large or leaves no room for a number", () => {
    for (const wrong of [length(FRAME_BYTES_MAX + 1), length(0xffff_ffff), length(3), length(0)]) {
      const reader = new FrameReader();
      expect(reader.read(wrong)).to.equal(undefined);
      expect(reader.read(frameBytes({ id: 1, body: new Uint8Array(1) }))).to.equal(undefined);
    }
  });
});
