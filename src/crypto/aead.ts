/** ChaCha20-Poly1305, by whichever library the platform gives. RFC 8439. */
export { open, seal } from "#symmetric";
