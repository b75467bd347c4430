import { expect } from "chai";
import { type VirtualClock, virtualClock } from "../../../src/adapters/memory/clock.ts";
import { type MemoryNetwork, memoryNetwork } from "../../../src/adapters/memory/network.ts";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { concat, utf8 } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { unixMs } from "../../../src/base/units.ts";
import type { Connection } from "../../../src/ports/network.ts";
import { networkContract } from "../../contract/network.ts";

const SEED = 1;
const world = (seed = SEED) => {
  const clock = virtualClock(unixMs(0));
  return { clock, wires: memoryNetwork({ clock, random: seededRandom(seed) }) };
};
/** Runs timers until `done` holds, or until nothing is left to happen. */
async function until(clock: VirtualClock, done: () => boolean): Promise<void> {
  do if (!(await clock.step())) return;
  while (!done());
}

networkContract("memory", async () => {
  const { clock, wires } = world();
  return {
    server: wires.host("server"),
    client: wires.host("client"),
    free: { host: "127.0.0.1", port: 0 },
    nobody: { host: "server", port: 9 },
    until: (done) => until(clock, done),
    dispose: async () => {},
  };
});

describe("memory network: what a world can do to it", () => {
  const PORT = 9735;
  let clock: VirtualClock;
  let wires: MemoryNetwork;
  let heard: string[];
  beforeEach(() => {
    ({ clock, wires } = world());
    heard = [];
  });
  const listen = (name: string, connection: Connection): void =>
    connection.attach({
      data: (bytes) => heard.push(`${name} hears ${new TextDecoder().decode(bytes)}`),
      closed: () => heard.push(`${name} loses ${connection.remoteAddress.split(":")[0]}`),
    });
  const dial = async (from: string, to: string): Promise<Connection> => {
    let settled = false;
    const dialled = wires
      .host(from)
      .dial({ host: to, port: PORT })
      .finally(() => {
        settled = true;
      });
    dialled.catch(() => {});
    await until(clock, () => settled);
    return dialled;
  };
  /** Both ends of a connection from alice to bob, listening. */
  async function connect(): Promise<readonly [Connection, Connection]> {
    let accepted: Connection | undefined;
    await wires.host("bob").listen({ host: "bob", port: PORT }, (connection) => {
      accepted = connection;
    });
    const alice = await dial("alice", "bob");
    const bob = present(accepted, "bob has accepted");
    listen("alice", alice);
    listen("bob", bob);
    return [alice, bob];
  }
  const settle = (): Promise<void> => until(clock, () => false);

  it("loses what is under way when a connection is cut, and tells both ends", async () => {
    const [alice] = await connect();
    alice.send(utf8("x"));
    await settle();
    alice.send(utf8("y"));
    expect([wires.connections, wires.cut("bob", "alice"), wires.connections]).to.deep.equal([1, 1, 0]);
    await settle();
    expect(heard.sort()).to.deep.equal(["alice loses bob", "bob hears x", "bob loses alice"]);
  });

  it("lets bytes wait while a wire is held, and delivers them when it heals", async () => {
    const [alice] = await connect();
    wires.hold("alice", "bob");
    alice.send(utf8("x"));
    await settle();
    expect([heard, alice.queuedBytes]).to.deep.equal([[], 1]);
    wires.heal("alice", "bob");
    await settle();
    expect(heard).to.deep.equal(["bob hears x"]);
  });

  it("refuses to dial while two machines are parted, and not afterwards", async () => {
    await connect();
    wires.part("alice", "bob");
    expect(await dial("alice", "bob").catch((error: Error) => error.message)).to.contain("ECONNREFUSED");
    wires.heal("alice", "bob");
    expect((await dial("alice", "bob")).remoteAddress).to.equal(`bob:${PORT}`);
  });

  it("says nothing to a machine that crashed, tells its peers, and forgets its listeners", async () => {
    const [alice, bob] = await connect();
    alice.send(utf8("x"));
    bob.send(utf8("y"));
    wires.crash("bob");
    await settle();
    expect(heard).to.deep.equal(["alice loses bob"]);
    expect(await dial("alice", "bob").catch((error: Error) => error.message)).to.contain("ECONNREFUSED");
  });

  it("cuts streams into pieces and delays them by seed alone: same seed, same pieces at the same times", async () => {
    const run = async (seed: number): Promise<readonly (readonly [number, number])[]> => {
      ({ clock, wires } = world(seed));
      const [alice, bob] = await connect();
      const pieces: [number, number][] = [];
      const whole: Uint8Array[] = [];
      bob.attach({
        data: (bytes) => {
          pieces.push([clock.now(), bytes.length]);
          whole.push(bytes);
        },
        closed: () => {},
      });
      for (let i = 0; i < 40; i++) alice.send(new Uint8Array(50).fill(i));
      await settle();
      const expected = Array.from({ length: 40 }, (_, i) => new Uint8Array(50).fill(i));
      expect(concat(...whole)).to.deep.equal(concat(...expected));
      return pieces;
    };
    const first = await run(7);
    expect(first.length).to.be.above(40);
    expect(await run(7)).to.deep.equal(first);
    expect(await run(8)).to.not.deep.equal(first);
  });
});
