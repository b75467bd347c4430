import pino from "pino";
import type { Log, LogFields } from "../ports/log.ts";

/** Fields that must never be told, whoever gives them by mistake. */
const SECRET = ["preimage", "secret", "token", "words", "key"];

/** Lines of JSON for the operator, to a stream that is not standard output. */
export function textLog(to: { readonly write: (line: string) => void }): Log {
  const logger = pino({ base: null, redact: SECRET, level: "info" }, to);
  const plain = (fields: LogFields = {}): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]),
    );
  return {
    debug: (event, fields) => logger.debug(plain(fields), event),
    info: (event, fields) => logger.info(plain(fields), event),
    warn: (event, fields) => logger.warn(plain(fields), event),
    error: (event, fields) => logger.error(plain(fields), event),
  };
}
