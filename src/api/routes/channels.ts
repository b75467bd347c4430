import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import { ZERO_MSAT } from "../../base/units.ts";
import { faultOfCommand, notFound } from "../faults.ts";
import {
  addressField,
  channelIdField,
  feerateField,
  msatField,
  nodeIdField,
  nodeUriField,
  positiveSatField,
} from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { channelShape, explanationShape, page, peerShape } from "../shapes.ts";
import { channelJson, explanationJson, peerJson } from "../views.ts";

const PEER_EXAMPLE = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

export const peerRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/peers",
    summary: "Lightning nodes this one is, or was, connected with",
    scope: "peers:read",
    query: listQuery,
    list: true,
    response: page(peerShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.peers(), cursor: ({ nodeId }) => nodeId, json: peerJson }),
  }),
  route({
    method: "post",
    path: "/v1/peers",
    summary: "Connects to a Lightning node",
    scope: "peers:write",
    body: z.strictObject({ uri: nodeUriField }),
    example: { uri: `${PEER_EXAMPLE}@127.0.0.1:9735` },
    response: peerShape,
    async handler({ commands, body }) {
      const peer = await commands.connect(body.uri);
      return peer.ok ? ok({ status: 201, body: peerJson(peer.value) }) : err(faultOfCommand(peer.error));
    },
  }),
  route({
    method: "delete",
    path: "/v1/peers/:id",
    summary: "Closes the connection with a Lightning node",
    scope: "peers:write",
    params: z.strictObject({ id: nodeIdField }),
    response: z.null(),
    async handler({ commands, params }) {
      const gone = await commands.disconnect(params.id);
      return gone.ok ? ok({ status: 204, body: null }) : err(faultOfCommand(gone.error));
    },
  }),
];

const channelParams = z.strictObject({ id: channelIdField });

/** What is asked of any channel that is opened: all that one of a batch may have. */
const batchedShape = z.strictObject({
  peer: nodeIdField,
  capacitySat: positiveSatField,
  pushMsat: msatField.optional(),
  announce: z.boolean().optional(),
  anchors: z.boolean().optional(),
  closeAddress: addressField.optional(),
  scidAlias: z.boolean().optional(),
});

const openRequestOf = ({
  peer,
  capacitySat,
  pushMsat = ZERO_MSAT,
  announce = true,
  anchors,
  closeAddress,
  scidAlias,
}: z.output<typeof batchedShape>) => ({
  nodeId: peer,
  capacity: capacitySat,
  push: pushMsat,
  announce,
  ...(anchors !== undefined && { anchors }),
  ...(closeAddress !== undefined && { closeAddress }),
  ...(scidAlias !== undefined && { scidAlias }),
});

export const channelRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/channels",
    summary: "All channels",
    scope: "channels:read",
    query: listQuery,
    list: true,
    response: page(channelShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.channels(), cursor: ({ id }) => `ch_${id}`, json: channelJson }),
  }),
  route({
    method: "post",
    path: "/v1/channels",
    summary: "Opens a channel; answers once its funding transaction has been broadcast",
    scope: "channels:write",
    repeat: "costly",
    body: batchedShape.extend({
      zeroConf: z.boolean().optional(),
      dual: z.boolean().optional(),
      feerateSatPerKw: feerateField.optional(),
    }),
    example: { peer: PEER_EXAMPLE, capacitySat: "1000000", announce: true },
    response: channelShape,
    async handler({ commands, body }) {
      const { zeroConf, dual, feerateSatPerKw, ...wishes } = body;
      const opened = await commands.openChannel({
        ...openRequestOf(wishes),
        ...(zeroConf !== undefined && { zeroConf }),
        ...(dual !== undefined && { dual }),
        ...(feerateSatPerKw !== undefined && { feerate: feerateSatPerKw }),
      });
      if (!opened.ok) return err(faultOfCommand(opened.error));
      const channel = channelJson(opened.value);
      return ok({ status: 201, body: channel, location: `/v1/channels/${channel.id}` });
    },
  }),
  route({
    method: "post",
    path: "/v1/channels/batch",
    summary: "Opens several channels that one transaction funds; if one comes to nothing none of them is opened",
    scope: "channels:write",
    repeat: "costly",
    body: z.strictObject({
      channels: z.array(batchedShape).min(2, "must be at least 2 channels").max(20, "must be at most 20 channels"),
      feerateSatPerKw: feerateField.optional(),
    }),
    example: {
      channels: [
        { peer: PEER_EXAMPLE, capacitySat: "1000000", announce: true },
        { peer: PEER_EXAMPLE, capacitySat: "200000", announce: false },
      ],
    },
    response: z.object({ channels: z.array(channelShape) }),
    async handler({ commands, body: { channels, feerateSatPerKw } }) {
      const opened = await commands.openChannels({
        channels: channels.map(openRequestOf),
        ...(feerateSatPerKw !== undefined && { feerate: feerateSatPerKw }),
      });
      if (!opened.ok) return err(faultOfCommand(opened.error));
      return ok({ status: 201, body: { channels: opened.value.map(channelJson) } });
    },
  }),
  route({
    method: "get",
    path: "/v1/channels/:id",
    summary: "One channel",
    scope: "channels:read",
    params: channelParams,
    response: channelShape,
    handler({ commands, params }) {
      const channel = commands.channels().find(({ id }) => id === params.id);
      return channel ? ok({ status: 200, body: channelJson(channel) }) : err(notFound("channel"));
    },
  }),
  route({
    method: "get",
    path: "/v1/channels/:id/explanation",
    summary: "Why a channel was closed and what has come of its money, also of one that is long gone",
    scope: "channels:read",
    params: channelParams,
    response: explanationShape,
    handler({ commands, params }) {
      const told = commands.explainChannel(params.id);
      return told ? ok({ status: 200, body: explanationJson(params.id, told) }) : err(notFound("channel"));
    },
  }),
  route({
    method: "post",
    path: "/v1/channels/:id/bump",
    summary:
      "Pays more for a funding transaction that both sides made and that waits to be mined; answers once its replacement has been broadcast",
    scope: "channels:write",
    repeat: "costly",
    params: channelParams,
    body: z.strictObject({ feerateSatPerKw: feerateField }),
    example: { feerateSatPerKw: 2_500 },
    response: channelShape,
    async handler({ commands, params, body }) {
      const bumped = await commands.bumpFunding({ id: params.id, feerate: body.feerateSatPerKw });
      return bumped.ok ? ok({ status: 200, body: channelJson(bumped.value) }) : err(faultOfCommand(bumped.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/channels/:id/splices",
    summary:
      "Puts coins of the wallet into a channel, or takes some of our balance out of it, while it stays open; while a splice waits, another one takes its place. Answers once its transaction has been broadcast",
    scope: "channels:write",
    repeat: "costly",
    params: channelParams,
    body: z.strictObject({
      direction: z.enum(["in", "out"]),
      amountSat: positiveSatField,
      address: addressField.optional(),
      feerateSatPerKw: feerateField.optional(),
    }),
    example: { direction: "in", amountSat: "250000" },
    response: channelShape,
    async handler({ commands, params, body: { direction, amountSat, address, feerateSatPerKw } }) {
      const spliced = await commands.spliceChannel({
        id: params.id,
        direction,
        amount: amountSat,
        ...(address !== undefined && { address }),
        ...(feerateSatPerKw !== undefined && { feerate: feerateSatPerKw }),
      });
      return spliced.ok ? ok({ status: 201, body: channelJson(spliced.value) }) : err(faultOfCommand(spliced.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/channels/:id/close",
    summary:
      "Closes a channel by agreement, or with `force` against the peer's will; asked again while no block holds it, pays more. Answers once that is on disk",
    scope: "channels:write",
    params: channelParams,
    body: z.strictObject({
      force: z.boolean().optional(),
      address: addressField.optional(),
      feerateSatPerKw: feerateField.optional(),
    }),
    example: {},
    response: channelShape,
    async handler({ commands, params, body: { force, address, feerateSatPerKw } }) {
      const closing = await commands.closeChannel({
        id: params.id,
        ...(force !== undefined && { force }),
        ...(address !== undefined && { address }),
        ...(feerateSatPerKw !== undefined && { feerate: feerateSatPerKw }),
      });
      return closing.ok ? ok({ status: 202, body: channelJson(closing.value) }) : err(faultOfCommand(closing.error));
    },
  }),
];
