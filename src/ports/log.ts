/** Lines for the operator. Never holds a secret: preimages, keys, tokens and words are not given to it. */
export interface Log {
  readonly debug: (event: string, fields?: LogFields) => void;
  readonly info: (event: string, fields?: LogFields) => void;
  readonly warn: (event: string, fields?: LogFields) => void;
  readonly error: (event: string, fields?: LogFields) => void;
}
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | undefined>>;
