/** Resolves on the first signal or request to stop. A second signal ends the process at once, as the system does it. */
export function stopSignal(): { readonly asked: Promise<void>; readonly ask: () => void } {
  let ask = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  process.once("SIGTERM", ask);
  process.once("SIGINT", ask);
  return { asked, ask };
}
