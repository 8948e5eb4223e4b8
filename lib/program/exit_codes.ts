import { ExitCode } from "../machine/exit_code.ts";

/** The exit codes every tool has, with what they mean: the one table of help, manual and docs. */
export const EXIT_CODES: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [ExitCode.Success, "success"],
  [ExitCode.General, "general error"],
  [ExitCode.MissingDependency, "missing dependency"],
  [ExitCode.PermissionDenied, "permission denied"],
  [ExitCode.InvalidArguments, "invalid arguments"],
  [ExitCode.Network, "network error"],
  [ExitCode.Configuration, "configuration error"],
  [ExitCode.Interrupted, "Ctrl-C (128 + N for signal N)"],
];

/** What an exit code of a tool means: the general meaning, and what is particular to this tool. */
export function exitCodeMeanings(
  tool: { readonly exitCodes?: Readonly<Record<number, string>> },
): (readonly [code: ExitCode, meaning: string])[] {
  return EXIT_CODES.map(([code, meaning]) => {
    const special = tool.exitCodes?.[code];
    return [code, special ? `${meaning}: ${special}` : meaning];
  });
}
