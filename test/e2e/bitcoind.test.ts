import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Subscriber } from "zeromq";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, type Ports, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";
import { toHex } from "../../src/base/bytes.ts";
import { channelsOf, openedBetween } from "./two-daemons.ts";

/** What bob has in the end: his part of the channel, and six subsidies. */
const EXPECTED = 40_000n + 6n * 5_000_000_000n;

/** Bob has no chain of his own: he follows alice's bundled node over Bitcoin Core's JSON-RPC. */
describe("a daemon on somebody else's Bitcoin node", function () {
  this.timeout(120_000);
  let folder: string;
  let alice: Daemon;
  let bob: Daemon;
  let zmq: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-e2e-"));
    const [first, second, third] = (await pickPorts(3)) as [Ports, Ports, Ports];
    const common = { folder, chainPeer: undefined, env: {} };
    const rpc = String(third.api);
    zmq = String(third.peer);
    const served = ["--bitcoin-rpc-port", rpc, "--bitcoin-zmq-port", zmq];
    alice = await startDaemon({ ...common, name: "alice", ports: first, flags: served });
    const cookie = join(folder, "alice", ".cookie");
    const flags = ["--chain", "bitcoind", "--bitcoind-url", `http://127.0.0.1:${rpc}`, "--bitcoind-cookie", cookie];
    bob = await startDaemon({ ...common, name: "bob", ports: second, flags });
  });
  after(async () => {
    await bob?.stop();
    await alice?.stop();
    await rm(folder, { recursive: true });
  });

  it("opens a channel, is paid, pays, and closes it", async () => {
    const stop = async (): Promise<void> => undefined;
    const channel = await openedBetween({ alice, bob, stop });
    await until("bob's side of it", async () => (await channelsOf(bob))[0]?.active);
    const pay = async (from: Daemon, to: Daemon, amountMsat: string): Promise<void> => {
      const { bolt11 } = await to.api.post<{ bolt11: string }>("/v1/invoices", { amountMsat, description: "x" });
      const { id } = await from.api.post<{ id: string }>("/v1/payments", { bolt11 });
      await until("a payment", async () => {
        const { state } = await from.api.get<{ state: string }>(`/v1/payments/${id}`);
        return state === "succeeded";
      });
    };
    await pay(alice, bob, "50000000");
    await pay(bob, alice, "10000000");
    expect((await channelsOf(bob))[0]?.localMsat).to.equal("40000000");
    await bob.api.post(`/v1/channels/${channel.id}/close`, {});
    // Bob's node has mined it into alice's chain through her RPC, and hears of it from there.
    await until("a closing in the mempool", async () => {
      const { data } = await bob.api.get<{ data: readonly object[] }>("/v1/chain/mempool");
      return data.length > 0;
    });
    await bob.api.post("/v1/chain/mine", { blocks: 6 });
    await sameTip([alice, bob]);
    await until("bob's coins", async () => {
      type Onchain = { readonly confirmedSat: string; readonly immatureSat: string };
      const { onchain } = await bob.api.get<{ onchain: Onchain }>("/v1/balance");
      // Who closes pays for it, and here has mined the fee as well.
      return onchain.confirmedSat !== "0" && BigInt(onchain.confirmedSat) + BigInt(onchain.immatureSat) === EXPECTED;
    });
  });

  it("is told of blocks over ZeroMQ", async () => {
    const subscriber = new Subscriber();
    subscriber.connect(`tcp://127.0.0.1:${zmq}`);
    subscriber.subscribe("hashblock");
    const mined: string[] = [];
    let told: string | undefined;
    const telling = subscriber.receive().then(([, hash]) => {
      told = toHex(hash as Buffer);
    });
    while (told === undefined) {
      const { blocks } = await alice.api.post<{ blocks: readonly string[] }>("/v1/chain/mine", { blocks: 1 });
      mined.push(...blocks);
    }
    await telling;
    subscriber.close();
    expect(mined).to.include(told);
  });
});
