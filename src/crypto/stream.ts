/** The ChaCha20 key stream of onions, by the provider in use. */
export { keyStream } from "#symmetric";
