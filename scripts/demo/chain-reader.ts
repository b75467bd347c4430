import { connect, type Socket } from "node:net";
import type { BlockHash } from "../../src/base/ids.ts";
import { type Block, blockHashOf } from "../../src/bitcoin/block.ts";
import { checkTransaction } from "../../src/bitcoin/check.ts";
import { frameMessage, frameParser } from "../../src/bitcoin/frames.ts";
import { type BitcoinMessage, HEADERS_MAX, PROTOCOL_VERSION } from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { ClaimedTx, Tx } from "../../src/bitcoin/tx.ts";

/** The best chain of a Bitcoin node, read as any stranger could: over its own protocol, from genesis (not included). */
export async function readChain(port: number): Promise<readonly Block[]> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const peer = listenTo(socket);
  const say = (message: BitcoinMessage): void => void socket.write(frameMessage(CHAINS.regtest.magic, message));
  say(hello());
  await peer.next("version");
  say({ name: "verack" });
  await peer.next("verack");
  const hashes = await readHeaders(peer, say);
  const blocks: Block[] = [];
  for (let at = 0; at < hashes.length; at += 100) {
    const some = hashes.slice(at, at + 100);
    say({ name: "getdata", inventory: some.map((id) => ({ kind: "witness_block", id })) });
    for (let i = 0; i < some.length; i++) {
      const { header, txs } = (await peer.next("block")).block;
      blocks.push({ header, txs: txs.map(checked) });
    }
  }
  socket.destroy();
  return blocks;
}

function checked(claimed: ClaimedTx): Tx {
  const tx = checkTransaction(claimed);
  if (!tx.ok) throw new Error(`a block holds a transaction that cannot be: ${tx.error}`);
  return tx.value;
}

type Peer = ReturnType<typeof listenTo>;

async function readHeaders(peer: Peer, say: (message: BitcoinMessage) => void): Promise<readonly BlockHash[]> {
  const hashes: BlockHash[] = [];
  const stop = "0".repeat(64) as BlockHash;
  for (;;) {
    const newest = hashes.at(-1) ?? CHAINS.regtest.genesisHash;
    say({ name: "getheaders", version: PROTOCOL_VERSION, locator: [newest], stop });
    const { headers } = await peer.next("headers");
    for (const header of headers) {
      if (header.previous !== (hashes.at(-1) ?? CHAINS.regtest.genesisHash)) throw new Error("headers do not follow");
      hashes.push(blockHashOf(header));
    }
    if (headers.length < HEADERS_MAX) return hashes;
  }
}

/** Waits for messages by name; everything else is answered (ping) or passed over. */
function listenTo(socket: Socket) {
  const parser = frameParser(CHAINS.regtest.magic);
  const held: BitcoinMessage[] = [];
  let wake = (): void => {};
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure = error;
    wake();
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the node hung up")));
  socket.on("data", (bytes) => {
    const { messages, fault } = parser.feed(bytes);
    for (const message of messages) {
      if (message.name === "ping") socket.write(frameMessage(CHAINS.regtest.magic, { ...message, name: "pong" }));
      else held.push(message);
    }
    if (fault !== undefined) fail(new Error(`not Bitcoin's protocol: ${fault.code}`));
    wake();
  });
  const next = async <N extends BitcoinMessage["name"]>(name: N): Promise<Extract<BitcoinMessage, { name: N }>> => {
    for (;;) {
      const at = held.findIndex((message) => message.name === name);
      if (at >= 0) return held.splice(0, at + 1).at(-1) as Extract<BitcoinMessage, { name: N }>;
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { next };
}

function hello(): BitcoinMessage {
  const nobody = { services: 0n, ip: new Uint8Array(16), port: 0 };
  return {
    name: "version",
    version: PROTOCOL_VERSION,
    services: 0n,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    receiver: nobody,
    sender: nobody,
    nonce: 1n,
    user_agent: new TextEncoder().encode("/checker/"),
    start_height: 0,
    relay: { wanted: false },
  };
}
