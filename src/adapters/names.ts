import { lookup } from "node:dns/promises";
import type { Names } from "../ports/network.ts";

/** Names as this machine finds them out. */
export const systemNames: Names = {
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};
