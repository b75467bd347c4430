/** What the pages read of the API's answers; amounts are decimal strings of millisatoshis. A test holds them against its schemas. */
export interface Film {
  readonly id: string;
  readonly title: string;
  readonly payee: string;
  readonly units: number;
  readonly unitSeconds: number;
  readonly priceMsatPerUnit: string;
  readonly freeUnits: number;
  readonly windowUnits: number;
}
export interface Subscription {
  readonly id: string;
  readonly stream: string;
  readonly site: string;
  readonly state: "open" | "paused" | "closed";
  readonly priceMsatPerUnit: string;
  readonly paidMsat: string;
  readonly feesMsat: string;
  readonly owedMsat: string;
  readonly capMsat: string;
  readonly windowUnits: number;
  readonly unlocked: readonly number[];
}
export interface Receipt {
  readonly units: number;
  readonly paidMsat: string;
  readonly payeeSignature: string | null;
}
export interface Quote {
  readonly feeMsat: string;
}
export interface Page<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
  readonly next: string | null;
}
/** Why something was refused. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** The code that led to this one. */
  readonly reason?: string | undefined;
}
