/** What the explorer reads of the API's answers; amounts are decimal strings of satoshis. A test holds them against its schemas. */
export interface ChainInfo {
  readonly network: string;
  readonly height: number;
  readonly hash: string;
  readonly time: string;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  readonly peers: readonly string[];
}
/** A block of any chain, as far as it is known. */
export interface KnownBlock {
  readonly hash: string;
  readonly height: number;
  readonly previous: string;
  readonly time: string;
  readonly state: "best" | "held" | "header" | "invalid";
}
/** Where the best chain asked for another difficulty than before. */
export interface Difficulty {
  readonly height: number;
  readonly time: string;
  /** Hashes that a block takes on average from here on. */
  readonly work: string;
}
export interface Block {
  readonly hash: string;
  readonly height: number;
  readonly confirmations: number;
  readonly previous: string;
  readonly merkleRoot: string;
  readonly time: string;
  readonly target: string;
  readonly work: string;
  readonly bytes: number;
  readonly weight: number;
  readonly transactions: readonly string[];
}
export interface Output {
  readonly amountSat: string;
  readonly script: string;
  readonly address: string | null;
}
export interface Input {
  readonly outpoint: string | null;
  readonly spent: Output | null;
}
export interface Transaction {
  readonly txid: string;
  readonly weight: number;
  readonly feeSat: string | null;
  readonly block: { readonly hash: string; readonly height: number; readonly confirmations: number } | null;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
}
export interface Waiting {
  readonly txid: string;
  readonly feeSat: string;
  readonly vsize: number;
}
