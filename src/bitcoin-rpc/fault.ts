/** Codes that programs written for Bitcoin Core know. */
export const CODE = {
  misc: -1,
  type: -3,
  notFound: -5,
  parameter: -8,
  notConnected: -9,
  deserialization: -22,
  nodeAlreadyAdded: -23,
  nodeNotAdded: -24,
  verify: -25,
  verifyRejected: -26,
  alreadyInChain: -27,
  warmup: -28,
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
} as const;
export type RpcCode = (typeof CODE)[keyof typeof CODE];

/** A call that is refused: thrown by whatever finds out, and told to the caller by `answerCall`. */
export class RpcFault extends Error {
  override readonly name = "RpcFault";
  readonly code: RpcCode;
  constructor(code: RpcCode, message: string) {
    super(message);
    this.code = code;
  }
}
export const refuse = (kind: keyof typeof CODE, message: string): never => {
  throw new RpcFault(CODE[kind], message);
};

/** The HTTP status of one refused call of JSON-RPC 1. Version 2 says 200 whatever the answer. */
export function statusOf(code: RpcCode): number {
  if (code === CODE.invalidRequest) return 400;
  return code === CODE.methodNotFound ? 404 : 500;
}
