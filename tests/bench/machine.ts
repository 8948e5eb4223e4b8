/** The machine in one sentence, without names or addresses. */
export async function describeMachine(): Promise<string> {
  const cpu = (await Deno.readTextFile("/proc/cpuinfo")).match(/^model name\s*: (.*)$/m)?.[1];
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const kernel = Deno.osRelease();
  const versions = [
    `Deno ${Deno.version.deno}`,
    await version("git", /git version (\S+)/),
    await version("curl", /^(curl \S+)/),
    await version("node", /^v?(\S+)/),
  ];
  return `${navigator.hardwareConcurrency} × ${cpu?.trim() ?? Deno.build.arch}, ${memory} GiB of ` +
    `memory, Linux ${kernel}; ${versions.filter((text) => text !== "").join(", ")}`;
}

async function version(command: string, pattern: RegExp): Promise<string> {
  try {
    const { stdout } = await new Deno.Command(command, { args: ["--version"] }).output();
    const found = new TextDecoder().decode(stdout).match(pattern)?.[1] ?? "";
    return found.startsWith(command) ? found : `${command} ${found}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
