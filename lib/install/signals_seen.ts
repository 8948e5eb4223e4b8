/**
 * Lets pending signals be delivered (their listeners run between turns of the event loop, and blocking
 * file work never ends one), then throws the signal's reason if one arrived.
 */
export async function signalsSeen(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal.throwIfAborted();
}
