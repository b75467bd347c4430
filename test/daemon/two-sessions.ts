import { virtualClock } from "../../src/adapters/memory/clock.ts";
import { memoryNetwork } from "../../src/adapters/memory/network.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { nodeId } from "../../src/base/ids.ts";
import { unixMs } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { noiseInitiator } from "../../src/crypto/noise.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { type PeerSession, type SessionWorld, startPeerSession } from "../../src/daemon/peer/session.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { encodeMessage, type WireMessage } from "../../src/wire/registry.ts";

const SECRETS = { a: sha256(Uint8Array.of(1)), b: sha256(Uint8Array.of(2)) };
export const SECOND = 1_000;
/** Handshake and `init`, with the delays of the memory network. */
const SETUP_MS = 100;

/** Two sessions in virtual time; what each sends after `init` is told with the second in which it leaves, what it hears by name. */
export async function twoSessions(offered: readonly number[] = OFFERED.init, { strangers = false } = {}) {
  const clock = virtualClock(unixMs(0));
  const random = seededRandom(7);
  const wires = memoryNetwork({ clock, random });
  const sent: string[] = [];
  const heard: string[] = [];
  const ended: string[] = [];
  const sessions: Partial<Record<"a" | "b", PeerSession>> = {};
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const world = (name: "a" | "b"): SessionWorld => ({
    clock,
    random,
    log: quiet,
    nodeKey: staticKeyOf(SECRETS[name]),
    chain: CHAINS.regtest.genesisHash,
    features: featureBits(offered),
    observe: (_peer, [high = 0, low = 0]) => {
      const type = high * 256 + low;
      if (type !== 16) sent.push(`${name} ${type} at ${Math.floor(clock.now() / SECOND)} s`);
    },
  });
  const listener = (name: "a" | "b") => ({
    hasChannel: () => !strangers,
    ready: (session: PeerSession) => {
      sessions[name] = session;
    },
    message: (_session: PeerSession, message: WireMessage) => void heard.push(`${name} ${message.name}`),
    closed: (_session: PeerSession, reason: string) => void ended.push(`${name}: ${reason}`),
  });
  await wires.host("b").listen({ host: "b", port: 1 }, (connection) => {
    startPeerSession(world("b"), connection, undefined, listener("b"));
  });
  const dialled = wires.host("a").dial({ host: "b", port: 1 });
  await clock.runUntil(unixMs(SETUP_MS / 2));
  startPeerSession(world("a"), await dialled, nodeId(secp256k1.publicKey(SECRETS.b)), listener("a"));
  await clock.runUntil(unixMs(SETUP_MS));
  const { a, b } = sessions;
  if (a === undefined || b === undefined) throw new Error("both sessions are open");
  return { clock, wires, sent, heard, ended, a, b };
}

/** A stranger with keys of its own, behind whose handshake anything may come; what it hears is told as it came, and by type. */
export async function wireTo() {
  const { clock, wires, ended, heard } = await twoSessions();
  const begun = noiseInitiator(
    { local: staticKeyOf(SECRETS.a), ephemeral: sha256(SECRETS.a) },
    secp256k1.publicKey(SECRETS.b),
  );
  if (begun === undefined) throw new Error("a point");
  const types: number[] = [];
  const frames: Uint8Array[] = [];
  const dialled = wires.host("a").dial({ host: "b", port: 1 });
  const until = async (ms: number) => clock.runUntil(unixMs(SETUP_MS + ms));
  await until(50);
  const connection = await dialled;
  connection.attach({
    data: (bytes) => {
      const received = begun.session.receive(bytes);
      if (received.send.length > 0) connection.send(received.send);
      frames.push(...received.messages);
      types.push(...received.messages.map(([high = 0, low = 0]) => high * 256 + low));
    },
    closed: () => {},
  });
  connection.send(begun.send);
  await until(100);
  const sayBytes = (frame: Uint8Array) => connection.send(begun.session.send([frame]));
  const say = (message: WireMessage) => sayBytes(encodeMessage(message));
  return { until, say, sayBytes, types, frames, ended, heard };
}
