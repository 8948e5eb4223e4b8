/** Whether a command is on PATH. */
export function hasCommand(name: string): boolean {
  return commandPath(name) !== undefined;
}

/** Where a command is on PATH. */
export function commandPath(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`)
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
}
