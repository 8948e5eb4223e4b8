/**
 * Runs a command that must succeed, with this process's environment and `env`.
 * @throws Error with what it said, when it does not
 */
export function mustRun(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  const { success, stderr } = new Deno.Command(command, { args: [...args], env }).outputSync();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
