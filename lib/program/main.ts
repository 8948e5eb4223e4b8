import { parseCommandLine, type ParsedCommandLine } from "./command_line.ts";
import { ExitCode } from "../machine/exit_code.ts";
import type { OptionTable } from "./options.ts";
import { requireSurroundings } from "./surroundings.ts";
import type { Tool } from "./tool.ts";
import { VERSION } from "./version.ts";

/** Runs an executable, which ends the process: the only caller of `Deno.exit`. */
export function main<T extends OptionTable>(tool: Tool<T>): void {
  Deno.umask(0o077);
  // What never ends, though nothing is left that it could wait for, has not succeeded.
  Deno.exitCode = ExitCode.General;
  // `deno task NAME -- --help` hands the dashes on.
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  start(tool, args).then(Deno.exit);
}

/**
 * Only what every start needs is loaded for it. What takes longest begins first, and the rest of the
 * program is loaded meanwhile.
 */
async function start<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
): Promise<ExitCode> {
  let parsed: ParsedCommandLine<T>;
  try {
    parsed = parseCommandLine(tool, args);
    if (parsed.kind === "run") requireSurroundings();
  } catch (error) {
    const { refuseCommandLine } = await import("./execute.ts");
    return refuseCommandLine(tool, args, error);
  }
  if (parsed.kind !== "run") return await tell(tool, parsed.kind);
  await tool.begin?.(parsed.values);
  const { execute } = await import("./execute.ts");
  return await execute(tool, args, parsed.values);
}

async function tell<T extends OptionTable>(
  tool: Tool<T>,
  what: "help" | "version",
): Promise<ExitCode> {
  const { Screen, wantedRendering } = await import("./output.ts");
  const { helpText } = await import("./help.ts");
  const text = what === "help" ? helpText(tool) : `${tool.name} ${VERSION}\n`;
  new Screen(wantedRendering(Deno.env.toObject())).stdout(text);
  return ExitCode.Success;
}
