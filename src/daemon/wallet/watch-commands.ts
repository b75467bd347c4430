import { err, ok, present, type Result } from "../../base/result.ts";
import { type BlockHeight, blockHeight } from "../../base/units.ts";
import { withChecksum } from "../../bitcoin/descriptor-checksum.ts";
import type { AddressType, Branch } from "../../bitcoin/key-path.ts";
import { type CommandFault, fromChain } from "../command-fault.ts";
import type { NodeCommands } from "../commands.ts";
import { answeredAfter, type NodeContext } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import { accountKey } from "./public-keys.ts";
import { GAP } from "./recovery.ts";

/** What is watched without keys, as it was asked for: of no height, only what comes from now on. */
export interface WatchRequest {
  readonly descriptor: string;
  readonly label?: string;
  readonly gap?: number;
  readonly from?: BlockHeight;
}
/** A row of addresses of this wallet, written so that another node can watch it. */
export interface OwnDescriptor {
  readonly type: "segwit" | "taproot";
  readonly branch: Branch;
  readonly descriptor: string;
}

export type WatchCommands = Pick<
  NodeCommands,
  "addWatch" | "removeWatch" | "watches" | "watchedUtxos" | "watchedTransactions" | "walletDescriptors"
>;
export function watchCommands({ ctx, watching }: Hosts): WatchCommands {
  const inTurn = answeredAfter(ctx);
  return {
    addWatch: async ({ descriptor, label = "", gap = GAP, from }) => {
      const tip = ctx.chain.tip().height;
      const start = from ?? blockHeight(tip + 1);
      const held = await isHeld(ctx, start, tip);
      if (!held.ok) return held;
      return inTurn((turn) => watching.add(turn, { descriptor, label, gap, from: start }));
    },
    removeWatch: (id) => inTurn((turn) => watching.remove(turn, id)),
    watches: () => watching.list(),
    watchedUtxos: () => watching.utxos(),
    watchedTransactions: () => watching.transactions(),
    walletDescriptors: () => ownDescriptors(ctx),
  };
}

/** A chain that cannot be gone through from there must not be asked to be, now and at every start. */
async function isHeld(
  { chain }: NodeContext,
  from: BlockHeight,
  tip: BlockHeight,
): Promise<Result<void, CommandFault>> {
  if (from > tip) return ok(undefined);
  const block = fromChain(await chain.blockAt(blockHeight(Math.max(from, 1))));
  if (block.ok) return ok(undefined);
  const { code, detail } = block.error;
  return err({ code: code === "not_found" ? "not_possible" : code, detail, pointer: "/fromHeight" });
}

const ACCOUNTS: readonly { readonly type: AddressType; readonly name: OwnDescriptor["type"]; readonly form: string }[] =
  [
    { type: "p2wpkh", name: "segwit", form: "wpkh" },
    { type: "p2tr", name: "taproot", form: "tr" },
  ];
const BRANCHES: readonly (readonly [Branch, number])[] = [
  ["external", 0],
  ["change", 1],
];
const ownDescriptors = ({ signer }: NodeContext): readonly OwnDescriptor[] =>
  ACCOUNTS.flatMap(({ type, name, form }) => {
    const account = signer.accounts[type];
    return BRANCHES.map(([branch, step]) => {
      const descriptor = present(withChecksum(`${form}(${accountKey(account)}/${step}/*)`), "its characters are right");
      return { type: name, branch, descriptor };
    });
  });
