import { fromHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { Company } from "./ldk-and-sluice.ts";

interface Output {
  readonly amountSat: string;
  readonly address: string | null;
}
interface ChainTx {
  readonly txid: string;
  readonly feeSat: string;
  readonly inputs: readonly { readonly outpoint: string; readonly spent: Output }[];
  readonly outputs: readonly Output[];
}
/** All that was mined since a height, as satoshis: whose transactions paid what to miners. */
export interface Ledger {
  /** Fees of what moves coins of our wallet, and of everything else but commitment transactions, which is LDK's. */
  readonly fees: { readonly ours: bigint; readonly ldk: bigint };
  /** Fees of commitment transactions, by the funding output that they spend. */
  readonly commitments: ReadonlyMap<string, bigint>;
  /** How many anchors either has spent. */
  readonly anchors: { readonly ours: number; readonly ldk: number };
  /** Outputs that are unspent and in neither wallet. */
  readonly left: readonly bigint[];
}
export const ANCHOR_SAT = 330n;

/** Confirmed satoshis of both. */
export async function balances({ ours, ldk }: Company): Promise<{ readonly ours: bigint; readonly ldk: bigint }> {
  const { onchain } = await ours.api.get<{ readonly onchain: Readonly<Record<string, string>> }>("/v1/balance");
  const parts = ["confirmedSat", "unconfirmedSat", "immatureSat", "lockedSat", "reservedSat"];
  const sum = parts.reduce((total, part) => total + BigInt(onchain[part] ?? 0), 0n);
  return { ours: sum, ldk: BigInt(await ldk.do("balance")) };
}

export async function ledgerSince(them: Company, height: number, fundings: readonly string[]): Promise<Ledger> {
  const { ours, ldk } = them;
  const all = async <T>(path: string) =>
    (await ours.api.get<{ readonly data: readonly T[] }>(`${path}?limit=500`)).data;
  const our = new Set((await all<{ readonly txid: string }>("/v1/wallet/transactions")).map(({ txid }) => txid));
  const unspent = new Set(
    (await all<{ readonly outpoint: string }>("/v1/wallet/utxos")).map(({ outpoint }) => outpoint),
  );
  const theirs = addressOf(fromHex(await ldk.do("script")), CHAINS.regtest);
  const txs = await minedSince(them, height);
  const spent = new Set(txs.flatMap(({ inputs }) => inputs.map(({ outpoint }) => outpoint)));
  const spenders = (txid: string) =>
    txs.filter(({ inputs }) => inputs.some(({ outpoint }) => outpoint.startsWith(txid)));
  const whose = ({ txid, inputs }: ChainTx): "ours" | "ldk" | "commitment" => {
    if (our.has(txid)) return "ours";
    if (inputs.some(({ outpoint }) => fundings.includes(outpoint))) return "commitment";
    // A second stage without coins of a wallet is its owner's who spends what it makes.
    return inputs.length === 1 && spenders(txid).some((spender) => whose(spender) === "ours") ? "ours" : "ldk";
  };
  const of = (who: "ours" | "ldk") => txs.filter((tx) => whose(tx) === who);
  const feesOf = (who: "ours" | "ldk") => of(who).reduce((sum, { feeSat }) => sum + BigInt(feeSat), 0n);
  const anchorsOf = (who: "ours" | "ldk") =>
    of(who).flatMap(({ inputs }) => inputs.filter((input) => BigInt(input.spent.amountSat) === ANCHOR_SAT)).length;
  const left = txs.flatMap(({ txid, outputs }) =>
    outputs.flatMap(({ amountSat, address }, at) => {
      const outpoint = `${txid}:${at}`;
      return spent.has(outpoint) || unspent.has(outpoint) || address === theirs ? [] : BigInt(amountSat);
    }),
  );
  const commitments = txs.filter((tx) => whose(tx) === "commitment");
  return {
    fees: { ours: feesOf("ours"), ldk: feesOf("ldk") },
    commitments: new Map(commitments.map(({ inputs, feeSat }) => [inputs[0]?.outpoint ?? "", BigInt(feeSat)])),
    anchors: { ours: anchorsOf("ours"), ldk: anchorsOf("ldk") },
    left,
  };
}
async function minedSince({ ours: { api } }: Company, height: number): Promise<readonly ChainTx[]> {
  const tip = (await api.get<{ readonly height: number }>("/v1/chain")).height;
  const txs: ChainTx[] = [];
  for (let at = height + 1; at <= tip; at++) {
    const { transactions } = await api.get<{ readonly transactions: readonly string[] }>(`/v1/chain/blocks/${at}`);
    for (const txid of transactions.slice(1)) txs.push(await api.get<ChainTx>(`/v1/chain/transactions/${txid}`));
  }
  return txs;
}
