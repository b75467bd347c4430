import { expect } from "chai";
import { emptyIntake, enqueue, type Gossip, type Intake } from "../../../routing/index.ts";
import { channelUpdate, scid } from "./messages.ts";

const { message } = channelUpdate(scid(100));
const long = (byte: number): Gossip => ({ message, bytes: new Uint8Array(60_000).fill(byte) });

describe("Gossip that waits to be judged. RELIABILITY D9, D10", () => {
  it("is of all peers together so much that it fills no memory, at the expense of those who have sent most", () => {
    const all = Array.from({ length: 250 }, emptyIntake);
    const [honest] = all as [Intake];
    for (let at = 0; at < 2; at++) enqueue(honest, long(at), all);
    for (let at = 0; at < 34; at++) for (const flooding of all.slice(1)) enqueue(flooding, long(at), all);
    const together = all.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(together).to.be.within(31 * 2 ** 20, 32 * 2 ** 20);
    expect(honest.waiting).to.deep.equal([long(0), long(1)]);
  });
});
