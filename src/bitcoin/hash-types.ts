/** What a signature covers: its low five bits choose the outputs, the top bit leaves the other inputs free. */
export const SIGHASH_ALL = 0x01;
export const SIGHASH_NONE = 0x02;
export const SIGHASH_SINGLE = 0x03;
export const SIGHASH_ANYONECANPAY = 0x80;
/** Of taproot alone, for a signature that does not say: all. BIP 341 §Common signature message. */
export const SIGHASH_DEFAULT = 0x00;
