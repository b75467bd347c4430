import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import { faultOfCommand } from "../faults.ts";
import { addressField, feerateField, rootField, wholeField } from "../fields.ts";
import { type Route, route } from "../route.ts";
import { chainShape, minedShape, miningShape, txidShape } from "../shapes.ts";
import { chainJson } from "../views.ts";

const BLOCKS_MAX = 1000;
const EVERY_SECONDS_MAX = 24 * 60 * 60;

export const chainRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/chain",
    summary: "The best chain, the mempool and all coins",
    scope: "chain:read",
    response: chainShape,
    async handler({ commands }) {
      const chain = await commands.chain();
      return chain.ok ? ok({ status: 200, body: chainJson(chain.value) }) : err(faultOfCommand(chain.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/chain/mine",
    summary: "Mines blocks; on play-money networks only",
    scope: "chain:write",
    body: z.strictObject({ blocks: wholeField(1, BLOCKS_MAX), address: addressField.optional() }),
    example: { blocks: 6 },
    response: minedShape,
    async handler({ commands, body: { blocks, address } }) {
      const mined = await commands.mine({ blocks, ...(address !== undefined && { address }) });
      return mined.ok ? ok({ status: 200, body: { blocks: [...mined.value] } }) : err(faultOfCommand(mined.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/chain/miner",
    summary: "Mines a block every so many seconds; on play-money networks only",
    scope: "chain:write",
    body: z.strictObject({ everySeconds: wholeField(1, EVERY_SECONDS_MAX), address: addressField.optional() }),
    example: { everySeconds: 10 },
    response: miningShape,
    async handler({ commands, body: { everySeconds, address } }) {
      const mining = await commands.mineSteadily({ everySeconds, ...(address !== undefined && { address }) });
      return mining.ok ? ok({ status: 200, body: { ...mining.value } }) : err(faultOfCommand(mining.error));
    },
  }),
  route({
    method: "delete",
    path: "/v1/chain/miner",
    summary: "Mines no more",
    scope: "chain:write",
    response: z.null(),
    async handler({ commands }) {
      commands.stopMining();
      return ok({ status: 204, body: null });
    },
  }),
  route({
    method: "post",
    path: "/v1/notary/stamps",
    summary: "Writes a merkle root over documents into the chain",
    scope: "wallet:write",
    repeat: "costly",
    body: z.strictObject({ root: rootField, feerateSatPerKw: feerateField.optional() }),
    example: { root: "aa".repeat(32) },
    response: txidShape,
    async handler({ commands, body: { root, feerateSatPerKw } }) {
      const feerate = feerateSatPerKw === undefined ? {} : { feerate: feerateSatPerKw };
      const stamped = await commands.stamp({ root, ...feerate });
      return stamped.ok ? ok({ status: 201, body: { txid: stamped.value.txid } }) : err(faultOfCommand(stamped.error));
    },
  }),
];
