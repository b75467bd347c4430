/** What can have a label. BIP 329 §Specification. */
export const LABEL_TYPES = ["tx", "addr", "pubkey", "input", "output", "xpub"] as const;
export type LabelType = (typeof LABEL_TYPES)[number];

/** What somebody calls something. BIP 329 §Specification. */
export interface Label {
  readonly type: LabelType;
  /** What it is the label of, written as its type is. */
  readonly ref: string;
  readonly label: string;
  /** Of a transaction: whose, as a descriptor without keys writes it. Kept for whoever reads it. */
  readonly origin: string | undefined;
  /** Of an output: whether it may be spent. Of a coin of ours its lock says that. */
  readonly spendable: boolean | undefined;
}
/** By `labelKey`. */
export type Labels = ReadonlyMap<string, Label>;
export const labelKey = (type: LabelType, ref: string): string => `${type}/${ref}`;
