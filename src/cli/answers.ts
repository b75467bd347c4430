import type { z } from "zod";
import type * as backups from "../api/backup-shapes.ts";
import type * as explorer from "../api/explorer.ts";
import type * as labelling from "../api/label-shapes.ts";
import type * as paying from "../api/payment-shapes.ts";
import type * as shapes from "../api/shapes.ts";
import type * as watching from "../api/watch-shapes.ts";

/** What the API answers, as its own schemas say. Types alone: no schema is loaded to run a command. */
type Answer<S extends z.ZodType> = z.output<S>;

export type NodeInfo = Answer<typeof shapes.nodeInfoShape>;
export type Balance = Answer<typeof shapes.balanceShape>;
export type NodeEvent = Answer<typeof shapes.eventShape>;
export type Chain = Answer<typeof shapes.chainShape>;
export type Block = Answer<typeof explorer.blockShape>;
export type Branches = Answer<typeof explorer.branchesShape>;
export type Difficulties = Answer<typeof explorer.difficultiesShape>;
export type Header = Answer<typeof explorer.headerShape>;
export type ChainTransaction = Answer<typeof explorer.chainTransactionShape>;
export type Proof = Answer<typeof explorer.proofShape>;
export type Unspent = Answer<typeof explorer.unspentShape>;
export type Waiting = Answer<typeof explorer.waitingShape>;
export type ChainPeer = Answer<typeof explorer.basePeerShape>;
export type Mining = Answer<typeof shapes.miningShape>;
export type Mined = Answer<typeof shapes.minedShape>;
export type Address = Answer<typeof shapes.addressShape>;
export type Sent = Answer<typeof shapes.txidShape>;
export type Psbt = Answer<typeof shapes.psbtShape>;
export type Transaction = Answer<typeof shapes.transactionShape>;
export type Utxo = Answer<typeof shapes.utxoShape>;
export type Label = Answer<typeof labelling.labelShape>;
export type Backup = Answer<typeof backups.backupShape>;
export type BackupCheck = Answer<typeof backups.backupCheckShape>;
export type ImportedLabels = Answer<typeof labelling.importedLabelsShape>;
export type Watched = Answer<typeof watching.watchShape>;
export type WatchedUtxo = Answer<typeof watching.watchedUtxoShape>;
export type WatchedTransaction = Answer<typeof watching.watchedTransactionShape>;
export type OwnDescriptor = Answer<typeof watching.ownDescriptorShape>;
export type Peer = Answer<typeof shapes.peerShape>;
export type Channel = Answer<typeof shapes.channelShape>;
export type Explanation = Answer<typeof shapes.explanationShape>;
export type GraphNode = Answer<typeof shapes.graphNodeShape>;
export type GraphChannel = Answer<typeof shapes.graphChannelShape>;
export type Quote = Answer<typeof shapes.quoteShape>;
export type Invoice = Answer<typeof paying.invoiceShape>;
export type Payment = Answer<typeof paying.paymentShape>;
export type Keysend = Answer<typeof paying.keysendShape>;
export type Decoded = Answer<typeof paying.decodedShape>;
export type Stream = Answer<typeof shapes.streamShape>;
export type Subscription = Answer<typeof shapes.subscriptionShape>;
export type LoginLink = Answer<typeof shapes.loginLinkShape>;
export type Receipt = Answer<typeof shapes.receiptShape>;

/** A page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
  readonly next: string | null;
}
