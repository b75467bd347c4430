import { serviceNames } from "../../bitcoin/services.ts";
import { INCREMENTAL_RELAY_FEE } from "../../chain/floor.ts";
import { refuse } from "../fault.ts";
import { coinsPerKvb, type Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { flag, optional, text } from "../params.ts";

/** The Bitcoin Core whose answers these are modelled on: programs ask for it to know what they may call. */
const LIKE_CORE = 300_000;
const PROTOCOL = 70_016;
const bitsOf = (services: bigint): string => services.toString(16).padStart(16, "0");

async function peersOf({ node }: RpcContext) {
  const peers = await node.peers();
  return peers.ok ? peers.value : refuse("misc", peers.error.detail);
}
async function networkInfo(context: RpcContext): Promise<Json> {
  const peers = await peersOf(context);
  const services = context.node.services();
  const inbound = peers.filter((peer) => peer.inbound).length;
  return {
    version: LIKE_CORE,
    subversion: `/Sluice:${context.version}/`,
    protocolversion: PROTOCOL,
    localservices: bitsOf(services),
    localservicesnames: serviceNames(services),
    localrelay: true,
    timeoffset: 0,
    networkactive: true,
    connections: peers.length,
    connections_in: inbound,
    connections_out: peers.length - inbound,
    networks: [],
    relayfee: coinsPerKvb(context.node.brain.pool.policy.minRelayFee),
    incrementalfee: coinsPerKvb(INCREMENTAL_RELAY_FEE),
    localaddresses: [],
    warnings: [],
  };
}
const addNode = method(
  "addnode",
  "Connects with a Bitcoin node, and again whenever the connection is lost (add), or not (onetry), or not any more (remove).",
  { node: text, command: text, v2transport: optional(flag) },
  ({ node }, { node: place, command }) => {
    const [, host = "", port = ""] = /^([^\s:]+):(\d{1,5})$/.exec(place) ?? [];
    if (host === "") return refuse("parameter", `${place.slice(0, 100)} is not host:port`);
    const address = { host, port: Number(port) };
    // As Bitcoin Core's: how the attempt goes shows in getpeerinfo.
    if (command === "onetry") void node.neighbours.connectOnce(address);
    else if (command === "add") {
      if (node.neighbours.isNamed(address)) return refuse("nodeAlreadyAdded", "Error: Node already added");
      void node.connect(address);
    } else if (command !== "remove") return refuse("misc", 'command is "add", "remove" or "onetry"');
    else if (!node.neighbours.forget(address)) {
      return refuse("nodeNotAdded", "Error: Node could not be removed. It has not been added previously.");
    }
    return null;
  },
);

export const networkMethods = [
  method("getnetworkinfo", "The node among others.", {}, networkInfo),
  method("getconnectioncount", "How many peers are connected.", {}, async (context) => (await peersOf(context)).length),
  method("getpeerinfo", "The peers.", {}, async (context) =>
    (await peersOf(context)).map(({ address, inbound, agent, height, services, since, pingMs, ...bytes }, id) => ({
      id,
      addr: address,
      services: bitsOf(services),
      servicesnames: serviceNames(services),
      bytessent: bytes.bytesSent,
      bytesrecv: bytes.bytesReceived,
      conntime: Math.floor(since / 1000),
      ...(pingMs === undefined ? {} : { pingtime: pingMs / 1000 }),
      subver: agent,
      inbound,
      startingheight: height,
      synced_headers: height,
      synced_blocks: height,
      connection_type: inbound ? "inbound" : "manual",
    })),
  ),
  method("ping", "Asks whether somebody is there.", {}, () => null),
  addNode,
];
