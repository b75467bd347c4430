import { DEFAULT_POLICY } from "../../channels/index.ts";
import type { SeededRandom } from "../../src/adapters/memory/random.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { type MemoryDisk, memoryDisk } from "../../src/adapters/memory/store.ts";
import type { NodeId } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { msat, sat } from "../../src/base/units.ts";
import { scriptOfAddress } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { keychainOf, newWords } from "../../src/daemon/keychain.ts";
import { createNode } from "../../src/daemon/node.ts";
import type { NodeParts, SluiceNode } from "../../src/daemon/node-parts.ts";
import { type SignerHome, signersOf } from "../../src/lab/signers.ts";
import { createWorld, type World } from "../../src/lab/world.ts";
import type { StreamLink } from "../../src/ports/stream-link.ts";
import { soon } from "./small-world.ts";

const PORT = 9735;
const UNITS = 12;
const SITE_URL = "http://site";
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A machine with a node on it that can lose its power and be started again. */
export class House {
  readonly name: string;
  readonly id: NodeId;
  readonly disk: MemoryDisk;
  readonly halts: string[] = [];
  readonly #world: World;
  readonly #signers: SignerHome;
  readonly #random: SeededRandom;
  readonly #site: () => House;
  #life: { over: boolean; readonly node: SluiceNode } | undefined;
  /** How long each write takes. */
  diskMs = 3;
  /** Requests to the site so far. */
  asked = 0;

  constructor(world: World, name: string, site: () => House) {
    this.name = name;
    this.#world = world;
    this.#random = seededRandom(`house ${name}`);
    const words = newWords(this.#random);
    const keychain = keychainOf(words, "regtest");
    this.#signers = signersOf(words, keychain);
    this.#site = site;
    this.id = keychain.nodeId;
    this.disk = memoryDisk({ sync: (done) => void world.clock.after(this.diskMs, done) });
  }
  get node(): SluiceNode {
    return present(this.#life?.node, `${this.name} is up`);
  }
  get isUp(): boolean {
    return this.#life !== undefined;
  }
  async start(): Promise<void> {
    const life = { over: false, node: undefined as unknown as SluiceNode };
    life.node = await createNode(this.#parts(life));
    this.#life = life;
  }
  crash(keep = this.disk.pending): void {
    const life = present(this.#life, `${this.name} is up`);
    this.#life = undefined;
    life.over = true;
    this.disk.crash(keep);
    this.#world.network.crash(this.name);
    life.node.crash();
    this.#signers.leave();
  }
  #parts(life: { readonly over: boolean }): NodeParts {
    const { clock, network, chain } = this.#world;
    return {
      alias: this.name,
      version: "test",
      params: CHAINS.regtest,
      signer: this.#signers.open(),
      policy: {
        channel: { ...DEFAULT_POLICY, minimumDepth: 3 },
        forwarding: { feeBaseMsat: 100, feeProportionalMillionths: 500, cltvExpiryDelta: 40 },
        fallbackFeerate: 2_500,
      },
      clock: {
        now: () => clock.now(),
        after: (ms, task) =>
          clock.after(ms, () => {
            if (!life.over) task();
          }),
      },
      random: this.#random,
      store: this.disk.open(),
      chain: chain.source(this.name),
      network: network.host(this.name),
      links: { open: async () => this.#link() },
      log: SILENT,
      streamFolders: {
        make: async () => ({ ok: true, value: { units: UNITS, unitSeconds: 1 } }),
        folder: (stream) => stream,
      },
      listen: { host: this.name, port: PORT },
      onHalt: (error) => void this.halts.push(error.stack ?? error.message),
    };
  }
  /** To the site, with a few ms on the way there and back; a request that meets no site is lost. */
  #link(): StreamLink {
    const { clock } = this.#world;
    return {
      request: (name, body, timeoutMs) =>
        new Promise((resolve, reject) => {
          this.asked++;
          clock.after(timeoutMs, () => reject(new Error("no answer")));
          clock.after(2, () => {
            if (!this.#site().isUp) return reject(new Error("nobody there"));
            void this.#site()
              .node.siteRequest("viewer", name, JSON.parse(JSON.stringify(body)))
              .then((answer) => clock.after(2, () => resolve(JSON.parse(JSON.stringify(answer)))));
          });
        }),
      close: () => {},
    };
  }
}

export interface Stream {
  readonly world: World;
  readonly viewer: House;
  readonly router: House;
  readonly site: House;
  /** The stream on sale, and the viewer's session for it. */
  readonly stream: string;
  readonly session: string;
}

/** Viewer, router and site with public channels in a line, a film on sale, and a session that has paid nothing yet. */
export async function streaming(seed = 11): Promise<Stream> {
  const world = createWorld({ seed, nodes: 0 });
  const houses: House[] = ["viewer", "router", "site"].map((name) => new House(world, name, () => site));
  const [viewer, router, site] = houses as [House, House, House];
  for (const house of houses) await house.start();
  for (const house of [viewer, router]) await fund(world, house);
  world.chain.mine(100);
  await world.until(() => [viewer, router].every(({ node }) => node.balance().onchain.confirmed > 0n), 60_000);
  await open(world, viewer, router);
  await open(world, router, site);
  for (let block = 0; block < 8; block++) {
    world.chain.mine(1);
    await world.pass(300);
  }
  const isPublic = ({ node }: House): boolean =>
    node.graphChannels().filter(({ policies }) => policies.every((policy) => policy !== undefined)).length === 2;
  assert(await world.until(() => houses.every(isPublic), 60_000), "everybody knows both channels");
  const listed = await soon(
    world,
    site.node.addStream({
      title: "Film",
      source: "/film",
      priceMsatPerSecond: msat(1_000n),
      freeSeconds: 0,
      segmentSeconds: 1,
    }),
  );
  assert(listed.ok, "the film is on sale");
  const stream = listed.value.id;
  const opened = await soon(
    world,
    viewer.node.subscribe({ site: SITE_URL, stream, budget: msat(1_000_000n), maxUnpaid: msat(4_000n) }),
  );
  assert(opened.ok, "a session is open");
  return { world, viewer, router, site, stream, session: opened.value.id };
}
async function fund(world: World, house: House): Promise<void> {
  const { address } = await soon(world, house.node.newAddress());
  const script = scriptOfAddress(address, CHAINS.regtest);
  assert(script.ok, "an address of its network");
  world.chain.mine(1, script.value);
}
async function open(world: World, from: House, to: House): Promise<void> {
  const connected = await soon(world, from.node.connect({ nodeId: to.id, host: to.name, port: PORT }));
  assert(connected.ok, "connected");
  const terms = { capacity: sat(500_000n), push: msat(100_000_000n), announce: true };
  const opened = await soon(world, from.node.openChannel({ nodeId: to.id, ...terms }), 60_000);
  assert(opened.ok, "opened");
}
