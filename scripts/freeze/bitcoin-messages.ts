import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { sat } from "../../src/base/units.ts";
import { type NetworkAddress, networkAddress } from "../../src/bitcoin/address-messages.ts";
import { basicFilter } from "../../src/bitcoin/filter.ts";
import { frameMessage } from "../../src/bitcoin/frames.ts";
import { type BitcoinMessage, encodePayload, NODE_NETWORK, NODE_WITNESS } from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { encode } from "../../src/codec/codec.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { coins, draw, drawTxid, spend } from "./bitcoin-own.ts";

const { mainnet, regtest } = CHAINS;

function messages(): unknown {
  const peer = {
    services: NODE_NETWORK | NODE_WITNESS,
    ip: concat(new Uint8Array(10), fromHex("ffff7f000001")),
    port: 18_444,
  };
  const { genesis, genesisHash } = regtest;
  const version = {
    name: "version",
    version: 70_016,
    services: peer.services,
    timestamp: 1_700_000_000n,
    receiver: peer,
    sender: peer,
  } as const;
  const agent = { nonce: 7n, user_agent: new TextEncoder().encode("/sluice/"), start_height: 5 };
  const inventory = [{ kind: "wtx", id: drawTxid("inv") } as const, { kind: "block", id: genesisHash } as const];
  const list: readonly BitcoinMessage[] = [
    { ...version, ...agent, relay: { wanted: true } },
    { ...version, ...agent, relay: { wanted: undefined } },
    { name: "verack" },
    { name: "wtxidrelay" },
    { name: "ping", nonce: 0x0102030405060708n },
    { name: "feefilter", feerate: 1000n },
    { name: "getheaders", version: 70_016, locator: [genesisHash], stop: genesisHash },
    { name: "headers", headers: [genesis.header] },
    { name: "inv", inventory },
    { name: "notfound", inventory },
    { name: "block", block: genesis },
    { name: "tx", tx: spend("message", coins(sat(5000n))) },
    { name: "addr", addresses: [{ time: 1_700_000_000, address: peer }] },
    { name: "sendaddrv2" },
    { name: "sendcmpct", announce: false, version: 2n },
    { name: "getblocktxn", block_hash: genesisHash, indexes: [1, 2, 300] },
    { name: "blocktxn", block_hash: genesisHash, txs: [spend("message", coins(sat(5000n)))] },
    { name: "getcfilters", filter_type: 0, start_height: 5, stop_hash: genesisHash },
    { name: "cfilter", filter_type: 0, block_hash: genesisHash, filter: basicFilter(genesisHash, genesis.txs, []) },
    { name: "getcfheaders", filter_type: 0, start_height: 5, stop_hash: genesisHash },
    { name: "getcfcheckpt", filter_type: 0, stop_hash: genesisHash },
  ];
  const framed = (message: BitcoinMessage): string => toHex(frameMessage(mainnet.magic, message));
  return {
    messages: list.map((message) => ({
      command: message.name,
      payload: toHex(encodePayload(message)),
      framed_mainnet: framed(message),
    })),
    addrv2: addressesV2(),
  };
}

function addressesV2(): unknown {
  const ipv4 = { network: "ipv4", address: draw("ipv4", 4) } as const;
  const torv3 = { network: "torv3", address: draw("torv3") } as const;
  const unknown = { network: "unknown", id: 99, address: draw("network 99", 5) } as const;
  const hex = (address: NetworkAddress): string => toHex(encode(networkAddress, address));
  const entry = { time: 1_700_000_000, services: 0x1_0000_0009n, port: 8333 };
  return {
    valid: [
      { bytes: hex(ipv4), network: "ipv4", address: ipv4.address.join(".") },
      { bytes: hex(torv3), network: "torv3", address: toHex(torv3.address) },
      { bytes: hex(unknown), network: "unknown(99)", address: toHex(unknown.address) },
    ],
    invalid: [
      `0105${toHex(draw("ipv4", 5))}`,
      hex(torv3).slice(0, 40),
      `0210${"00".repeat(10)}ffff${toHex(draw("ipv4", 4))}`,
      `0610${toHex(draw("cjdns", 16))}`,
    ],
    addrv2_message: {
      payload: toHex(encodePayload({ name: "addrv2", addresses: [{ ...entry, address: unknown }] })),
      entries: [
        {
          time: entry.time,
          services: Number(entry.services),
          network_id: unknown.id,
          addr: toHex(unknown.address),
          port: entry.port,
        },
      ],
    },
  };
}

export const freezers: readonly Freezer[] = [{ path: "bitcoin/p2p-messages.json", make: messages }];
