/** Leaves the network a moment: a timer does, an immediate does not. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
