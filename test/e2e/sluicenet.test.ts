import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import type { Daemon } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { type TwoDaemons, twoDaemons } from "./two-daemons.ts";

interface Mined {
  readonly blocks: readonly string[];
}
const mine = async ({ api }: Daemon, blocks: number): Promise<readonly string[]> =>
  (await api.post<Mined>("/v1/chain/mine", { blocks })).blocks;

describe("two daemons on sluicenet", function () {
  this.timeout(60_000);
  let pair: TwoDaemons;
  before(async () => {
    pair = await twoDaemons("sluicenet");
  });
  after(() => pair.stop());

  it("begin at its genesis, and say where they are", async () => {
    const infos = await Promise.all([pair.alice, pair.bob].map(({ api }) => api.get<object>("/v1/info")));
    for (const info of infos)
      expect(info).to.include({ network: "sluicenet", height: 0, blockHash: CHAINS.sluicenet.genesisHash });
  });

  it("mine blocks with real work, and follow each other", async () => {
    const { alice, bob } = pair;
    const first = await mine(alice, 3);
    for (const hash of first) expect(hash).to.match(/^000/);
    expect(await sameTip([alice, bob])).to.equal(3);
    const [last] = await mine(bob, 1);
    expect(await sameTip([alice, bob])).to.equal(4);
    expect(await alice.api.get<object>("/v1/info")).to.include({ blockHash: last });
  });

  it("have addresses and invoices that no network of Bitcoin takes for its own", async () => {
    const { alice } = pair;
    const { address } = await alice.api.post<{ address: string }>("/v1/wallet/addresses");
    expect(address).to.match(/^slu1q/);
    const { bolt11 } = await alice.api.post<{ bolt11: string }>("/v1/invoices", {
      amountMsat: "1000",
      description: "x",
    });
    expect(bolt11).to.match(/^lnslu10n1/);
  });

  it("are peers of each other", async () => {
    const { alice, bob } = pair;
    await alice.api.post("/v1/peers", { uri: `${bob.started.nodeId}@127.0.0.1:${bob.started.peerPort}` });
    await until("a peer", async () => {
      const { data } = await bob.api.get<{ data: readonly { id: string; connected: boolean }[] }>("/v1/peers");
      return data.some(({ id, connected }) => id === alice.started.nodeId && connected);
    });
  });
});
