import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Makes the demo clip: 20 segments of one second from ffmpeg's test picture, which shows the time in the frame, and a tone.
 * Needs ffmpeg (`apt-get install --no-install-recommends ffmpeg`); the result is kept in the repository, so nothing else does.
 */
const CLIP = fileURLToPath(new URL("../assets/clip/", import.meta.url));
const SECONDS = 20;
const FRAMES_PER_SECOND = 30;
const BYTES_MAX = 3_000_000;

const picture = ["-f", "lavfi", "-i", `testsrc2=size=640x360:rate=${FRAMES_PER_SECOND}`];
const tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
/** A key frame at every second and nowhere else, so that each segment is one second and opens by itself. */
const video = ["-c:v", "libx264", "-profile:v", "main", "-pix_fmt", "yuv420p", "-preset", "slow", "-crf", "26"];
const frames = ["-g", `${FRAMES_PER_SECOND}`, "-keyint_min", `${FRAMES_PER_SECOND}`, "-sc_threshold", "0"];
const audio = ["-c:a", "aac", "-b:a", "64k"];
/** No dates or versions in the files: the same ffmpeg makes the same bytes. */
const plain = [
  "-map_metadata",
  "-1",
  "-fflags",
  "+bitexact",
  "-flags:v",
  "+bitexact",
  "-flags:a",
  "+bitexact",
  "-threads",
  "1",
];
const hls = ["-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"];
const names = ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", `${CLIP}%04d.m4s`];

rmSync(CLIP, { recursive: true, force: true });
mkdirSync(CLIP, { recursive: true });
const options = ["-hide_banner", "-loglevel", "error", ...picture, ...tone, "-t", `${SECONDS}`];
const made = spawnSync(
  "ffmpeg",
  [...options, ...video, ...frames, ...audio, ...plain, ...hls, ...names, `${CLIP}index.m3u8`],
  {
    stdio: "inherit",
  },
);
if (made.error !== undefined || made.status !== 0)
  throw new Error(`ffmpeg failed: ${made.error?.message ?? made.status}`);

const files = readdirSync(CLIP);
const segments = files.filter((file) => file.endsWith(".m4s")).length;
const bytes = files.reduce((total, file) => total + statSync(`${CLIP}${file}`).size, 0);
if (segments !== SECONDS || bytes > BYTES_MAX) throw new Error(`${segments} segments, ${bytes} bytes`);
console.log(`${segments} segments, ${bytes} bytes in ${CLIP}`);
