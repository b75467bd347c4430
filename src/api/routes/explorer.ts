import { z } from "zod";
import { err, ok, type Result } from "../../base/result.ts";
import { blockHeight } from "../../base/units.ts";
import type { CommandFault } from "../../daemon/commands.ts";
import {
  basePeerJson,
  basePeerShape,
  blockJson,
  blockShape,
  branchesShape,
  chainTransactionJson,
  chainTransactionShape,
  difficultiesShape,
  difficultyJson,
  headerJson,
  headerShape,
  knownBlockJson,
  proofJson,
  proofShape,
  unspentJson,
  unspentShape,
  waitingJson,
  waitingShape,
} from "../explorer.ts";
import { faultOfCommand, notFound } from "../faults.ts";
import { blockField, blockHashField, outpointField, txidField, wholeText } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Answer, type Route, route } from "../route.ts";
import { page } from "../shapes.ts";

/** What was found, or that there is no such thing, or why nobody can say. */
function shown<T, J>(found: Result<T | undefined, CommandFault>, what: string, json: (value: T) => J): Answer<J> {
  if (!found.ok) return err(faultOfCommand(found.error));
  return found.value === undefined ? err(notFound(what)) : ok({ status: 200, body: json(found.value) });
}

/** Of the picture of branches. */
const HEIGHTS_DEFAULT = 24;
const HEIGHTS_MAX = 500;
const HEIGHT_MAX = 99_999_999;
const heightsField = wholeText(HEIGHTS_MAX).refine((heights) => heights > 0, "must be at least 1");

/** The chain, looked at. */
export const explorerRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/chain/blocks/:block",
    summary: "A block by its hash, or of the best chain by its height",
    scope: "chain:read",
    params: z.strictObject({ block: blockField }),
    response: blockShape,
    async handler({ commands, params }) {
      return shown(await commands.chainBlock(params.block), "block", blockJson);
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/headers/:hash",
    summary: "A header, and where it stands in the best chain",
    scope: "chain:read",
    params: z.strictObject({ hash: blockHashField }),
    response: headerShape,
    async handler({ commands, params: { hash } }) {
      return shown(await commands.chainHeader(hash), "header", (placed) => headerJson(hash, placed));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/branches",
    summary: "All known headers of so many heights, of the best chain and beside it",
    scope: "chain:read",
    query: z.strictObject({ heights: heightsField.optional(), to: wholeText(HEIGHT_MAX).optional() }),
    response: branchesShape,
    async handler({ commands, query: { heights = HEIGHTS_DEFAULT, to } }) {
      const found = await commands.chainBranches(heights, to === undefined ? undefined : blockHeight(to));
      return found.ok
        ? ok({ status: 200, body: { data: found.value.map(knownBlockJson) } })
        : err(faultOfCommand(found.error));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/difficulty",
    summary: "Where the best chain asked for another difficulty than before",
    scope: "chain:read",
    response: difficultiesShape,
    async handler({ commands }) {
      const found = await commands.chainDifficulty();
      return found.ok
        ? ok({ status: 200, body: { data: found.value.map(difficultyJson) } })
        : err(faultOfCommand(found.error));
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/transactions/:txid",
    summary: "A transaction of the best chain or the mempool, with what it spends",
    scope: "chain:read",
    params: z.strictObject({ txid: txidField }),
    response: chainTransactionShape,
    async handler({ commands, params }) {
      return shown(await commands.chainTransaction(params.txid), "transaction", chainTransactionJson);
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/proofs/:txid",
    summary: "That a transaction is in its block, for somebody with headers alone",
    scope: "chain:read",
    params: z.strictObject({ txid: txidField }),
    response: proofShape,
    async handler({ commands, params }) {
      return shown(await commands.chainProof(params.txid), "confirmed transaction", proofJson);
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
      return shown(await commands.chainUnspent(params.outpoint), "unspent output", unspentJson);
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
    async handler({ commands, query }) {
      const waiting = await commands.chainMempool();
      if (!waiting.ok) return err(faultOfCommand(waiting.error));
      return listed(query, { items: waiting.value, cursor: ({ txid }) => txid, json: waitingJson });
    },
  }),
  route({
    method: "get",
    path: "/v1/chain/peers",
    summary: "Bitcoin nodes that the base node is connected with",
    scope: "chain:read",
    query: listQuery,
    list: true,
    response: page(basePeerShape),
    async handler({ commands, query }) {
      const peers = await commands.chainPeers();
      if (!peers.ok) return err(faultOfCommand(peers.error));
      return listed(query, { items: peers.value, cursor: ({ address }) => address, json: basePeerJson });
    },
  }),
];
