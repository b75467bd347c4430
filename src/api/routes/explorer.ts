import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import {
  basePeerJson,
  basePeerShape,
  blockJson,
  blockShape,
  chainTransactionJson,
  chainTransactionShape,
  headerJson,
  headerShape,
  proofJson,
  proofShape,
  unspentJson,
  unspentShape,
  waitingJson,
  waitingShape,
} from "../explorer.ts";
import { notFound } from "../faults.ts";
import { blockField, blockHashField, outpointField, txidField } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { page } from "../shapes.ts";

/** The chain, looked at. */
export const explorerRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/chain/blocks/:block",
    summary: "A block by its hash, or of the best chain by its height",
    scope: "chain:read",
    params: z.strictObject({ block: blockField }),
    response: blockShape,
    handler({ commands, params }) {
      const block = commands.chainBlock(params.block);
      return block ? ok({ status: 200, body: blockJson(block) }) : err(notFound("block"));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/headers/:hash",
    summary: "A header, and where it stands in the best chain",
    scope: "chain:read",
    params: z.strictObject({ hash: blockHashField }),
    response: headerShape,
    handler({ commands, params: { hash } }) {
      const placed = commands.chainHeader(hash);
      return placed ? ok({ status: 200, body: headerJson(hash, placed) }) : err(notFound("header"));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/transactions/:txid",
    summary: "A transaction of the best chain or the mempool, with what it spends",
    scope: "chain:read",
    params: z.strictObject({ txid: txidField }),
    response: chainTransactionShape,
    handler({ commands, params }) {
      const found = commands.chainTransaction(params.txid);
      return found ? ok({ status: 200, body: chainTransactionJson(found) }) : err(notFound("transaction"));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/proofs/:txid",
    summary: "That a transaction is in its block, for somebody with headers alone",
    scope: "chain:read",
    params: z.strictObject({ txid: txidField }),
    response: proofShape,
    handler({ commands, params }) {
      const proof = commands.chainProof(params.txid);
      return proof ? ok({ status: 200, body: proofJson(proof) }) : err(notFound("confirmed transaction"));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/utxos/:outpoint",
    summary: "An output of the best chain, as long as it is not spent",
    scope: "chain:read",
    params: z.strictObject({ outpoint: outpointField }),
    response: unspentShape,
    async handler({ commands, params }) {
      const found = await commands.chainUnspent(params.outpoint);
      return found ? ok({ status: 200, body: unspentJson(found) }) : err(notFound("unspent output"));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/mempool",
    summary: "Transactions that wait to be mined, parents before children",
    scope: "chain:read",
    query: listQuery,
    list: true,
    response: page(waitingShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.chainMempool(), cursor: ({ txid }) => txid, json: waitingJson }),
  }),
  route({
    method: "get",
    path: "/v1/chain/peers",
    summary: "Bitcoin nodes that the base node is connected with",
    scope: "chain:read",
    query: listQuery,
    list: true,
    response: page(basePeerShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.chainPeers(), cursor: ({ address }) => address, json: basePeerJson }),
  }),
];
