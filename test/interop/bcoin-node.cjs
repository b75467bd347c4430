"use strict";
/** bcoin as a process of its own: a full regtest node in memory, told what to do by its parent. */
const Module = require("node:module");
const load = Module._load;
// Nothing of it touches a disk, so its database, which would have to be compiled, need not be there.
Module._load = function (request, ...rest) {
  return request === "leveldown" ? class {} : load.call(this, request, ...rest);
};
const { FullNode, KeyRing, MTX, Script, TX } = require("bcoin");

const ring = KeyRing.generate();
ring.witness = true;

async function begin(port) {
  const node = new FullNode({
    network: "regtest",
    memory: true,
    listen: true,
    host: "127.0.0.1",
    publicHost: "127.0.0.1",
    port,
    maxOutbound: 1,
    logLevel: "none",
  });
  // Nobody asks it over HTTP.
  node.http = { open: async () => {}, close: async () => {} };
  await node.open();
  await node.connect();
  node.startSync();
  node.miner.addAddress(ring.getAddress());
  return node;
}
const shown = (hash) => (Buffer.isBuffer(hash) ? Buffer.from(hash).reverse() : Buffer.from(hash, "hex").reverse()).toString("hex");

const commands = {
  tip: async (node) => ({ height: node.chain.height, hash: node.chain.tip.rhash() }),
  mine: async (node, { blocks }) => {
    for (let at = 0; at < blocks; at++) {
      const block = await node.miner.mineBlock();
      if (!(await node.chain.add(block))) throw new Error("bcoin refuses its own block");
    }
    return node.chain.height;
  },
  mempool: async (node) => [...node.mempool.map.values()].map((entry) => entry.tx.txid()),
  peers: async (node) => node.pool.peers.size(),
  /** Pays the reward of the block at a height to a script, less a fee. */
  pay: async (node, { height, script, fee }) => {
    const block = await node.chain.getBlock(height);
    const [coinbase] = block.txs;
    const mtx = new MTX();
    mtx.addTX(coinbase, 0, height);
    mtx.addOutput(Script.fromRaw(script, "hex"), coinbase.outputs[0].value - fee);
    mtx.sign(ring);
    const tx = mtx.toTX();
    await node.sendTX(tx);
    return tx.txid();
  },
  send: async (node, { hex }) => {
    const missing = await node.mempool.addTX(TX.fromRaw(hex, "hex"));
    return missing === null || missing === undefined;
  },
  block: async (node, { height }) => (await node.chain.getBlock(height)).toRaw().toString("hex"),
};

let started;
process.on("message", async ({ id, name, given }) => {
  try {
    if (name === "start") {
      started = await begin(given.port);
      return process.send({ id, value: true });
    }
    process.send({ id, value: await commands[name](started, given) });
  } catch (error) {
    process.send({ id, error: String(error.stack ?? error) });
  }
});
