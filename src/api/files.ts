import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { RequestHandler } from "express";
import { notFound } from "./faults.ts";
import { sendFault } from "./respond.ts";

/** The folder of a stream's packaged HLS, as an absolute path; undefined when there is no such stream. */
export type StreamFiles = (streamId: string) => string | undefined;

/** Playlists and segments, and nothing else that may lie beside them: keys above all. */
const FILE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,122}\.(?:m3u8|ts|m4s|mp4|aac|vtt)$/;
const STREAM_ID = /^[A-Za-z0-9_-]{1,128}$/;
const CONTENT_TYPE: Readonly<Record<string, string>> = {
  m3u8: "application/vnd.apple.mpegurl",
  ts: "video/mp2t",
  m4s: "video/iso.segment",
  mp4: "video/mp4",
  aac: "audio/aac",
  vtt: "text/vtt; charset=utf-8",
};
/** Encrypted segments never change, a playlist may grow. */
const SEGMENT_CACHE = "public, max-age=31536000, immutable";
const PLAYLIST_CACHE = "public, max-age=5";

/** `GET /s/:stream/:file`. Any page may play these: without keys they are noise. */
export function streamFile(folderOf: StreamFiles): RequestHandler<{ stream: string; file: string }> {
  return async (request, response) => {
    const { stream, file } = request.params;
    const folder = STREAM_ID.test(stream) && FILE_NAME.test(file) ? folderOf(stream) : undefined;
    if (folder === undefined || !(await isPlainlyIn(folder, file))) {
      return sendFault(notFound("file"), request, response);
    }
    const ending = file.slice(file.lastIndexOf(".") + 1);
    response.setHeader("Content-Type", CONTENT_TYPE[ending] ?? "application/octet-stream");
    response.setHeader("Cache-Control", ending === "m3u8" ? PLAYLIST_CACHE : SEGMENT_CACHE);
    response.sendFile(file, { root: folder, dotfiles: "deny", cacheControl: false }, (error?: Error) => {
      if (error !== undefined && !response.headersSent) sendFault(notFound("file"), request, response);
    });
  };
}
/** There, and not by way of a link that leads elsewhere. */
async function isPlainlyIn(folder: string, file: string): Promise<boolean> {
  try {
    const real = await realpath(folder);
    return (await realpath(join(real, file))) === join(real, file);
  } catch {
    return false;
  }
}
/** Pages of every origin may read the answer, without cookies. */
export const openToAllPages: RequestHandler = (_request, response, next) => {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
  next();
};

/** `GET /s/:stream/k/:unit`: keys are sold over the stream's session, which pays for them as they are asked for. */
export const keyGate: RequestHandler = (request, response) => {
  response.setHeader("Cache-Control", "no-store");
  sendFault(
    { code: "PAYMENT_REQUIRED", detail: "Keys are sold through a session with this stream." },
    request,
    response,
  );
};
