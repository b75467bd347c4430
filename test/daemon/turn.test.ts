import { expect } from "chai";
import { unixMs } from "../../src/base/units.ts";
import { createTurns } from "../../src/daemon/turn.ts";
import type { Store } from "../../src/ports/store.ts";

/** Turns over a disk and a loop that move on command. */
function desk() {
  const tasks: (() => void)[] = [];
  const said: string[] = [];
  const acks: (() => void)[] = [];
  const refusals: ((error: Error) => void)[] = [];
  const store: Pick<Store, "append"> = {
    append: (records) => {
      said.push(`append ${records.map(({ key }) => key).join(" ")}`);
      return new Promise((resolve, reject) => {
        acks.push(resolve);
        refusals.push(reject);
      });
    },
  };
  const halts: string[] = [];
  const turns = createTurns({
    clock: {
      now: () => unixMs(0),
      after: (_ms, task) => {
        tasks.push(task);
        return () => {};
      },
    },
    store: store as Store,
    onHalt: (error) => halts.push(error.message),
  });
  const loop = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  const acknowledge = async (): Promise<void> => {
    acks.shift()?.();
    await new Promise(setImmediate);
  };
  const refuse = async (): Promise<void> => {
    refusals.shift()?.(new Error("EIO"));
    await new Promise(setImmediate);
  };
  return { turns, said, halts, loop, acknowledge, refuse, say: (text: string) => () => void said.push(text) };
}
const SOME = new Uint8Array(1);

describe("turn: step all, write all, then speak", () => {
  it("lets out what rests on a turn only after the group that holds it is durable", async () => {
    const { turns, said, loop, acknowledge, say } = desk();
    turns.run((turn) => {
      turn.afterwards("peer/a", say("commitment_signed"));
      turn.put("channel/a", SOME);
      turn.meanwhile("peer/b", say("update_add_htlc"));
    });
    loop();
    expect(said).to.deep.equal(["update_add_htlc", "append channel/a"]);
    await acknowledge();
    expect(said).to.deep.equal(["update_add_htlc", "append channel/a", "commitment_signed"]);
  });

  it("waits for a group that still gathers when a turn without records rests on it", async () => {
    const { turns, said, loop, acknowledge, say } = desk();
    turns.run((turn) => turn.put("channel/a", SOME));
    turns.run((turn) => turn.afterwards("answers", say("done")));
    expect(said).to.deep.equal([]);
    loop();
    await acknowledge();
    expect(said).to.deep.equal(["append channel/a", "done"]);
  });

  it("writes what a task put off to the next turn of the loop changes in the same group", async () => {
    const { turns, said, loop } = desk();
    turns.run((turn) => {
      turn.put("payment/p", SOME);
      turns.soon((later) => later.put("channel/a", SOME));
    });
    loop();
    expect(said).to.deep.equal(["append payment/p channel/a"]);
  });

  it("steps what was put off before it writes, also when the write was due first", () => {
    const { turns, said, loop } = desk();
    turns.run((turn) => turn.put("payment/p", SOME));
    turns.run(() => turns.soon((later) => later.put("channel/a", SOME)));
    loop();
    expect(said).to.deep.equal(["append payment/p channel/a"]);
  });

  it("keeps the records of a turn that threw from the disk, and those of no turn leave after it", () => {
    const { turns, said, halts, loop } = desk();
    turns.run((turn) => turn.put("event/1", SOME));
    turns.run((turn) => {
      turn.put("channel/a", SOME);
      throw new Error("impossible state");
    });
    turns.run((turn) => turn.put("channel/b", SOME));
    loop();
    expect(halts).to.deep.equal(["impossible state"]);
    expect(said).to.deep.equal([]);
    expect(turns.halted?.message).to.equal("impossible state");
  });

  it("says nothing more once the disk has refused a group, and gives it nothing more: RELIABILITY P10", async () => {
    const { turns, said, halts, loop, refuse, say } = desk();
    turns.run((turn) => {
      turn.put("channel/a", SOME);
      turn.afterwards("peer/a", say("revoke_and_ack"));
    });
    loop();
    turns.run((turn) => {
      turn.put("channel/b", SOME);
      turn.afterwards("peer/b", say("commitment_signed"));
    });
    await refuse();
    turns.run((turn) => turn.meanwhile("peer/c", say("update_add_htlc")));
    turns.soon((turn) => turn.put("channel/c", SOME));
    loop();
    expect(said).to.deep.equal(["append channel/a"]);
    expect(halts).to.deep.equal(["EIO"]);
  });

  it("halts when an errand throws, at once or after its group: half of what was decided is not done", async () => {
    for (const durable of [false, true]) {
      const { turns, said, halts, loop, acknowledge, say } = desk();
      turns.run((turn) => {
        if (durable) turn.put("channel/a", SOME);
        turn.afterwards("peer/a", () => {
          throw new Error("does not encode");
        });
        turn.afterwards("peer/a", say("commitment_signed"));
      });
      loop();
      await acknowledge();
      turns.run((turn) => turn.meanwhile("peer/c", say("update_add_htlc")));
      expect(said).to.deep.equal(durable ? ["append channel/a"] : []);
      expect(halts).to.deep.equal(["does not encode"]);
    }
  });

  it("tells nobody of what was settled in a turn that is not yet durable, however many turns come after it", async () => {
    const { turns, said, loop, acknowledge, say } = desk();
    turns.run((turn) => turn.put("invoice/1", SOME));
    loop();
    turns.run((turn) => turn.afterwards("answers", say("200 settled")));
    turns.run((turn) => turn.put("invoice/2", SOME));
    turns.run((turn) => turn.afterwards("answers", say("200 settled too")));
    expect(said).to.deep.equal(["append invoice/1"]);
    await acknowledge();
    loop();
    expect(said).to.deep.equal(["append invoice/1", "200 settled", "append invoice/2"]);
    await acknowledge();
    expect(said.at(-1)).to.equal("200 settled too");
  });
});
