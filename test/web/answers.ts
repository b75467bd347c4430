import type { z } from "zod";
import type * as explorer from "../../src/api/explorer.ts";
import type * as shapes from "../../src/api/shapes.ts";
import type { Film, Problem, Quote, Receipt, Subscription } from "../../src/web/answers.ts";
import type * as chain from "../../src/web/chain/answers.ts";

/** What the pages read, held against the API's own schemas: this does not compile when an answer has another form. */
type Reads<T, S extends z.ZodType> = z.output<S> extends T ? true : never;
export const held: Readonly<Record<string, true>> = {
  film: true satisfies Reads<Film, typeof shapes.filmShape>,
  subscription: true satisfies Reads<Subscription, typeof shapes.subscriptionShape>,
  receipt: true satisfies Reads<Receipt, typeof shapes.receiptShape>,
  quote: true satisfies Reads<Quote, typeof shapes.quoteShape>,
  chain: true satisfies Reads<chain.ChainInfo, typeof shapes.chainShape>,
  knownBlock: true satisfies Reads<chain.KnownBlock, typeof explorer.knownBlockShape>,
  difficulty: true satisfies Reads<chain.Difficulty, typeof explorer.difficultyShape>,
  block: true satisfies Reads<chain.Block, typeof explorer.blockShape>,
  transaction: true satisfies Reads<chain.Transaction, typeof explorer.chainTransactionShape>,
  waiting: true satisfies Reads<chain.Waiting, typeof explorer.waitingShape>,
  problem: true satisfies Reads<Problem, typeof shapes.problemShape>,
};
