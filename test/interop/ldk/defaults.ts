/** How an LDK node is to be: everything that a test may want to vary. */
export interface LdkSettings {
  /** One byte that its keys follow from. */
  readonly seed: number;
  /** The chain is followed from this block on. */
  readonly fromHeight: number;
  readonly anchors: boolean;
  readonly announce: boolean;
  readonly scidPrivacy: boolean;
  /** Whether channels are used before a block holds them, where others propose that. */
  readonly zeroConf: boolean;
  /** Satoshis for 1,000 weight, for every purpose. */
  readonly feerate: number;
  /** Of a whole route. A few more than one hop needs leave no room for those that LDK adds so that nobody knows who is the last. */
  readonly expiryBlocksMax: number;
  /** Whether monitors are written in groups, one sync for all that waits, and the node turns as soon as something comes: for measuring. */
  readonly grouped: boolean;
  /** Messages of this level and graver are told; Level 5 is errors alone. */
  readonly logLevel: number;
}
export const LDK_DEFAULTS: Omit<LdkSettings, "seed"> = {
  fromHeight: 0,
  anchors: true,
  announce: true,
  scidPrivacy: false,
  zeroConf: false,
  feerate: 1_000,
  expiryBlocksMax: 1_008,
  grouped: false,
  logLevel: 5,
};
