import { BLOCK, TXID } from "../fake-node.ts";
import { page, type RouteCase } from "./case.ts";

/** Regtest's genesis block, as everyone knows it. */
const HEADER =
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000";
const SCRIPT_SIG =
  "04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73";
const SCRIPT =
  "4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac";
const TX = `01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d${SCRIPT_SIG}ffffffff0100f2052a0100000043${SCRIPT}00000000`;
const PLACE = { hash: BLOCK, height: 110, confirmations: 3 };

/** The chain, looked at. */
export const CHAIN_CASES: readonly RouteCase[] = [
  {
    route: "get /v1/chain/blocks/:block",
    ask: "GET /v1/chain/blocks/110",
    calls: [["chainBlock", 110]],
    status: 200,
    answer: {
      ...PLACE,
      version: 1,
      previous: "00".repeat(32),
      merkleRoot: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
      time: "2011-02-02T23:16:42.000Z",
      bits: "207fffff",
      target: `7fffff${"00".repeat(29)}`,
      nonce: 2,
      work: "2",
      bytes: 285,
      weight: 1140,
      header: HEADER,
      transactions: [TXID],
    },
  },
  {
    route: "get /v1/chain/headers/:hash",
    ask: `GET /v1/chain/headers/${BLOCK}`,
    calls: [["chainHeader", BLOCK]],
    status: 200,
    answer: { ...PLACE, header: HEADER },
  },
  {
    route: "get /v1/chain/branches",
    ask: "GET /v1/chain/branches?heights=24&to=110",
    calls: [["chainBranches", 24, 110]],
    status: 200,
    answer: {
      data: [{ hash: BLOCK, height: 110, previous: "00".repeat(32), time: "2011-02-02T23:16:42.000Z", state: "held" }],
    },
  },
  {
    route: "get /v1/chain/difficulty",
    ask: "GET /v1/chain/difficulty",
    status: 200,
    answer: { data: [{ height: 110, time: "2011-02-02T23:16:42.000Z", work: "2" }] },
  },
  {
    route: "get /v1/chain/transactions/:txid",
    ask: `GET /v1/chain/transactions/${TXID}`,
    calls: [["chainTransaction", TXID]],
    status: 200,
    answer: {
      txid: TXID,
      wtxid: TXID,
      version: 1,
      locktime: 0,
      weight: 816,
      feeSat: null,
      block: PLACE,
      inputs: [{ outpoint: null, sequence: 0xffff_ffff, scriptSig: SCRIPT_SIG, witness: [], spent: null }],
      outputs: [{ amountSat: "5000000000", script: SCRIPT, address: "bcrt1qexample" }],
      hex: TX,
    },
  },
  {
    route: "get /v1/chain/proofs/:txid",
    ask: `GET /v1/chain/proofs/${TXID}`,
    calls: [["chainProof", TXID]],
    status: 200,
    answer: {
      network: "regtest",
      height: 110,
      header: HEADER,
      transaction: TX,
      index: 0,
      branch: [],
      coinbase: TX,
      coinbaseBranch: [],
    },
  },
  {
    route: "get /v1/chain/utxos/:outpoint",
    ask: `GET /v1/chain/utxos/${TXID}:1`,
    calls: [["chainUnspent", { txid: TXID, vout: 1 }]],
    status: 200,
    answer: { outpoint: `${TXID}:1`, amountSat: "5000", script: "51", address: null, coinbase: true, block: PLACE },
  },
  {
    route: "get /v1/chain/mempool",
    ask: "GET /v1/chain/mempool",
    status: 200,
    answer: page({ txid: TXID, feeSat: "150", vsize: 141 }),
  },
  {
    route: "get /v1/chain/peers",
    ask: "GET /v1/chain/peers",
    status: 200,
    answer: page({
      address: "127.0.0.1:18444",
      inbound: false,
      agent: "/Sluice:0.1.0/",
      height: 109,
      services: ["NETWORK", "WITNESS", "COMPACT_FILTERS"],
      since: "2026-01-02T03:04:05.000Z",
      pingMs: null,
      bytesReceived: 1500,
      bytesSent: 700,
    }),
  },
  {
    route: "post /v1/notary/stamps",
    ask: "POST /v1/notary/stamps",
    body: { root: "ab".repeat(32), feerateSatPerKw: 253 },
    calls: [["stamp", { root: new Uint8Array(32).fill(0xab), feerate: 253 }]],
    status: 201,
    answer: { txid: TXID },
    malformed: [
      [{ root: "ab" }, "/root"],
      [{ root: undefined }, "/root"],
      [{ feerateSatPerKw: 1 }, "/feerateSatPerKw"],
    ],
  },
];
