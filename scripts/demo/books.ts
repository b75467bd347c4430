import { toHex } from "../../src/base/bytes.ts";
import { outpointKey } from "../../src/base/ids.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { ADDRESS_TYPES } from "../../src/bitcoin/key-path.ts";
import { CHAINS, subsidyAt } from "../../src/bitcoin/params.ts";
import { isUnspendable } from "../../src/bitcoin/templates.ts";
import { isCoinbase, type Tx, type TxOut, txidOf } from "../../src/bitcoin/tx.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { scriptOfKey } from "../../src/daemon/wallet/scripts.ts";

/** The accounts of three wallets, kept from nothing but a chain and the wallets' words. Amounts in sat. */
export interface Books {
  /** Σ of all unspent outputs, and of all subsidies. */
  readonly unspent: bigint;
  readonly subsidies: bigint;
  readonly wallets: ReadonlyMap<string, WalletBook>;
  /** Unspent outputs that belong to none of the wallets. */
  readonly strangers: bigint;
  readonly channels: readonly ChannelBook[];
}
export interface WalletBook {
  readonly mined: bigint;
  /** Fees of transactions that the wallet funded: not those of closes, which either side of a channel may have paid. */
  readonly feesPaid: bigint;
  readonly sent: bigint;
  readonly received: bigint;
  /** Unspent at the end. */
  readonly holds: bigint;
}
/** A channel from its funding to its close. */
export interface ChannelBook {
  readonly opener: string;
  readonly capacity: bigint;
  readonly closeFee: bigint;
  /** What the close paid to each wallet. */
  readonly paid: ReadonlyMap<string, bigint>;
}

/** So many addresses in a row that the chain does not know end the search of a branch: more than a demo leaves out. */
const GAP = 40;

interface Draft {
  mined: bigint;
  feesPaid: bigint;
  sent: bigint;
  received: bigint;
  holds: bigint;
}
type Coin = TxOut & { readonly fundedBy: string | undefined };

/** Reads the whole chain once. Throws when a block creates or destroys money. */
export function keepBooks(blocks: readonly Block[], words: ReadonlyMap<string, string>): Books {
  const owners = ownersOf(words, scriptsOf(blocks));
  const coins = new Map<string, Coin>();
  const drafts = new Map([...words.keys()].map((name): [string, Draft] => [name, emptyDraft()]));
  const channels: ChannelBook[] = [];
  let subsidies = 0n;
  for (const [index, block] of blocks.entries()) {
    const subsidy = subsidyAt(index + 1, CHAINS.regtest);
    let fees = 0n;
    for (const tx of block.txs.slice(1)) fees += enter(tx, coins, owners, drafts, channels);
    const [coinbase] = block.txs;
    if (coinbase === undefined || !isCoinbase(coinbase)) throw new Error("a block begins with its coinbase");
    if (sum(coinbase.outputs) !== subsidy + fees) throw new Error(`block ${index + 1} pays ${sum(coinbase.outputs)}`);
    subsidies += subsidy;
    add(coinbase, coins, undefined);
    for (const output of coinbase.outputs) credit(drafts, owners, output, "mined");
  }
  let strangers = 0n;
  for (const coin of coins.values()) {
    const owner = owners.get(toHex(coin.script));
    if (owner === undefined) strangers += coin.amount;
    else (drafts.get(owner) as Draft).holds += coin.amount;
  }
  return { unspent: sum([...coins.values()]), subsidies, wallets: drafts, strangers, channels };
}

/** Takes a transaction into the books; answers with its fee. */
function enter(
  tx: Tx,
  coins: Map<string, Coin>,
  owners: ReadonlyMap<string, string>,
  drafts: ReadonlyMap<string, Draft>,
  channels: ChannelBook[],
): bigint {
  const spent = tx.inputs.map(({ prevout }) => {
    const coin = coins.get(outpointKey(prevout));
    if (coin === undefined) throw new Error(`${txidOf(tx)} spends what is not there`);
    coins.delete(outpointKey(prevout));
    return coin;
  });
  const fee = sum(spent) - sum(tx.outputs);
  const [first] = spent;
  if (first === undefined || fee < 0n) throw new Error(`${txidOf(tx)} makes money`);
  const payer = owners.get(toHex(first.script)) ?? first.fundedBy;
  if (payer === undefined) throw new Error(`${txidOf(tx)} spends a stranger's coin`);
  const book = drafts.get(payer) as Draft;
  const isClose = first.fundedBy !== undefined;
  if (isClose) {
    const paid = new Map<string, bigint>();
    for (const { script, amount } of tx.outputs) {
      const owner = owners.get(toHex(script));
      if (owner !== undefined) paid.set(owner, (paid.get(owner) ?? 0n) + amount);
    }
    channels.push({ opener: payer, capacity: first.amount, closeFee: fee, paid });
  } else {
    book.feesPaid += fee;
    for (const output of tx.outputs) {
      const owner = owners.get(toHex(output.script));
      if (owner === undefined || owner === payer) continue;
      book.sent += output.amount;
      (drafts.get(owner) as Draft).received += output.amount;
    }
  }
  // An output that belongs to no wallet is a channel's: who funded it opened it.
  add(tx, coins, isClose ? undefined : payer, owners);
  return fee;
}

function add(tx: Tx, coins: Map<string, Coin>, payer: string | undefined, owners?: ReadonlyMap<string, string>): void {
  const txid = txidOf(tx);
  for (const [vout, output] of tx.outputs.entries()) {
    if (isUnspendable(output.script)) continue;
    const fundedBy = owners?.has(toHex(output.script)) ? undefined : payer;
    coins.set(outpointKey({ txid, vout }), { ...output, fundedBy });
  }
}
function credit(
  drafts: ReadonlyMap<string, Draft>,
  owners: ReadonlyMap<string, string>,
  output: TxOut,
  as: "mined",
): void {
  const owner = owners.get(toHex(output.script));
  if (owner !== undefined) (drafts.get(owner) as Draft)[as] += output.amount;
}
const emptyDraft = (): Draft => ({ mined: 0n, feesPaid: 0n, sent: 0n, received: 0n, holds: 0n });
const sum = (outputs: readonly TxOut[]): bigint => outputs.reduce((total, { amount }) => total + amount, 0n);

function scriptsOf(blocks: readonly Block[]): ReadonlySet<string> {
  const outputs = blocks.flatMap(({ txs }) => txs.flatMap((tx) => tx.outputs));
  return new Set(outputs.map(({ script }) => toHex(script)));
}
/** Whose each script is: of each branch of each wallet's words all addresses that are used, and some beyond the last. */
function ownersOf(words: ReadonlyMap<string, string>, used: ReadonlySet<string>): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [name, phrase] of words) {
    const keychain = keychainOf(phrase, "regtest");
    const chains = ADDRESS_TYPES.flatMap((type) =>
      (["external", "change"] as const).map((branch) => ({ type, branch })),
    );
    for (const { type, branch } of chains) {
      for (let index = 0, unused = 0; unused < GAP; index++) {
        const script = toHex(scriptOfKey(type, keychain.walletKey({ type, branch, index })));
        unused = used.has(script) ? 0 : unused + 1;
        owners.set(script, name);
      }
    }
  }
  return owners;
}
