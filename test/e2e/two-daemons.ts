import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, type Ports, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";

/** A channel as the API shows it. */
export interface ShownChannel {
  readonly id: string;
  readonly state: string;
  readonly active: boolean;
  readonly announced: boolean;
  readonly localMsat: string;
}
/** Two daemons in two processes on one chain. */
export interface TwoDaemons {
  readonly alice: Daemon;
  readonly bob: Daemon;
  stop(): Promise<void>;
}

/** Above it the first reward can be spent. */
const MATURITY_BLOCKS = 101;
const ANNOUNCED_BLOCKS = 6;

export async function twoDaemons(network?: string): Promise<TwoDaemons> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-e2e-"));
  const [first, second] = (await pickPorts(2)) as [Ports, Ports];
  const begun = [
    startDaemon({ name: "alice", folder, ports: first, chainPeer: undefined, env: {}, network }),
    startDaemon({ name: "bob", folder, ports: second, chainPeer: `127.0.0.1:${first.chain}`, env: {}, network }),
  ] as const;
  const stop = async (): Promise<void> => {
    const started = (await Promise.allSettled(begun)).filter((each) => each.status === "fulfilled");
    await Promise.all(started.map(({ value }) => value.stop()));
    await rm(folder, { recursive: true });
  };
  try {
    const [alice, bob] = await Promise.all(begun);
    return { alice, bob, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Funds alice and opens a public channel from her to bob; answers once it can be used and is announced. */
export async function openedBetween({ alice, bob }: TwoDaemons): Promise<ShownChannel> {
  await alice.api.post("/v1/chain/mine", { blocks: MATURITY_BLOCKS });
  await sameTip([alice, bob]);
  await alice.api.post("/v1/peers", { uri: `${bob.started.nodeId}@127.0.0.1:${bob.started.peerPort}` });
  await alice.api.post("/v1/channels", { peer: bob.started.nodeId, capacitySat: "1000000" });
  await alice.api.post("/v1/chain/mine", { blocks: ANNOUNCED_BLOCKS });
  return until("an announced channel", async () => {
    const [channel] = await channelsOf(alice);
    return channel?.active && channel.announced && channel;
  });
}
export const channelsOf = async ({ api }: Daemon): Promise<readonly ShownChannel[]> =>
  (await api.get<{ data: readonly ShownChannel[] }>("/v1/channels")).data;
