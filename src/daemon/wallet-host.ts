import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type BlockHeight, type Sat, type SatPerKw, satPerKw } from "../base/units.ts";
import { addressOf, scriptOfAddress } from "../bitcoin/address.ts";
import type { InsufficientFunds } from "../bitcoin/coins.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { ChainEvent } from "../ports/chain-source.ts";
import type { CommandFault } from "./commands.ts";
import { CHAIN_LANE, type NodeContext } from "./context.ts";
import { KEY } from "./records.ts";
import type { Turn } from "./turn.ts";
import type { Balance, SendRequest, WalletTransaction, WalletUtxo } from "./views.ts";
import { applyChainEvent, resume } from "./wallet/chain.ts";
import { listTransactions, listUtxos } from "./wallet/lists.ts";
import { loadWallet } from "./wallet/records.ts";
import { type Funded, fund, newAddress, publish, release, reservations, send } from "./wallet/spend.ts";
import { type WalletEffect, type WalletStep, walletBalance } from "./wallet/state.ts";

/** The coins of the node: its addresses, what was paid to them, and what is being spent. */
export interface WalletHost {
  readonly start: (turn: Turn) => void;
  readonly chainEvent: (turn: Turn, event: ChainEvent) => void;
  /** A script of ours, never used before; told to others only after this turn is durable. */
  readonly newScript: (turn: Turn, label: string, branch?: "external" | "change") => Uint8Array;
  /** A signed transaction with this output, its coins reserved: `publish` or `release` ends that. */
  readonly fund: (
    turn: Turn,
    amount: Sat,
    script: Uint8Array,
    label: string,
    feerate?: SatPerKw,
  ) => Result<Funded, InsufficientFunds>;
  readonly publish: (turn: Turn, txid: Txid) => void;
  readonly release: (turn: Turn, txid: Txid) => void;
  /** Funded and neither published nor released, as a crash may leave them. */
  readonly reservations: () => readonly Txid[];
  readonly send: (turn: Turn, request: SendRequest) => Result<Txid, CommandFault>;
  readonly broadcast: (turn: Turn, tx: Tx) => void;
  readonly feerate: () => SatPerKw;
  readonly balance: () => Balance["onchain"];
  readonly transactions: () => readonly WalletTransaction[];
  readonly utxos: () => readonly WalletUtxo[];
  readonly addressOf: (script: Uint8Array) => string;
}

/** Blocks within which our own transactions should confirm. Policy, not protocol. */
const TARGET_BLOCKS = 6;

/** `height`: the newest block whose effects are in the store. */
export function createWalletHost(ctx: NodeContext, height: BlockHeight | undefined): WalletHost {
  let state = loadWallet(ctx.store.range(KEY.wallet), height);
  const apply = (turn: Turn, step: WalletStep): void => {
    state = step.next;
    for (const { key, value } of step.records) turn.put(key, value);
    for (const effect of step.effects) perform(turn, effect);
  };
  const perform = (turn: Turn, effect: WalletEffect): void => {
    switch (effect.tag) {
      case "Watch":
        return turn.afterwards(CHAIN_LANE, () => ctx.chain.watch(effect.watches));
      case "Broadcast":
        return broadcast(turn, effect.tx);
      case "Received":
        return ctx.events.record(turn, "onchain.received", {
          txid: effect.outpoint.txid,
          vout: effect.outpoint.vout,
          amountSat: effect.amount.toString(),
          height: effect.block.height,
        });
      case "Confirmed":
        return ctx.events.record(turn, "onchain.confirmed", { txid: effect.txid, height: effect.block.height });
    }
  };
  const broadcast = (turn: Turn, tx: Tx): void =>
    turn.afterwards(CHAIN_LANE, () => {
      ctx.chain.broadcast(tx).then(
        (answer) => {
          if (!answer.ok) ctx.log.warn("transaction refused", { reason: answer.error.reason });
        },
        (error: unknown) => ctx.log.error("broadcast failed", { error: String(error) }),
      );
    });
  const feerate = (): SatPerKw => ctx.chain.feerate(TARGET_BLOCKS) ?? satPerKw(ctx.policy.fallbackFeerate);
  const toPerson = (fault: InsufficientFunds): CommandFault => ({
    code: "insufficient_balance",
    detail: `needs ${fault.needed} sat on the chain, ${fault.available} sat can be spent`,
  });
  return {
    start: (turn) => apply(turn, resume(state)),
    chainEvent: (turn, event) => apply(turn, applyChainEvent(state, event)),
    newScript: (turn, label, branch = "external") => {
      const { step, script } = newAddress(state, ctx.keychain, { branch, label });
      apply(turn, step);
      return script;
    },
    fund: (turn, amount, script, label, rate = feerate()) => {
      const funded = fund(state, ctx.keychain, { output: { amount, script }, feerate: rate, label });
      if (funded.ok) apply(turn, funded.value.step);
      return funded;
    },
    publish: (turn, txid) => apply(turn, publish(state, txid)),
    release: (turn, txid) => apply(turn, release(state, txid)),
    reservations: () => reservations(state),
    send: (turn, { address, amount, feerate: rate = feerate() }) => {
      const script = scriptOfAddress(address, ctx.params);
      if (!script.ok) {
        return err({ code: "bad_request", detail: `not an address of ${ctx.params.network}`, pointer: "/address" });
      }
      const output = { amount, script: script.value };
      const sent = send(state, ctx.keychain, { output, feerate: rate, label: "sent" });
      if (!sent.ok) return err(toPerson(sent.error));
      apply(turn, sent.value.step);
      return ok(sent.value.txid);
    },
    broadcast,
    feerate,
    balance: () => walletBalance(state),
    transactions: () => listTransactions(state),
    utxos: () => listUtxos(state, ctx.params),
    addressOf: (script) => addressOf(script, ctx.params) ?? "",
  };
}
