/**
 * The exit codes of every executable: 0 to 6 are the reference's ("Exit Codes"), 130 is the shell
 * convention for a program that Ctrl-C ended.
 */
export const ExitCode = {
  Success: 0,
  General: 1,
  MissingDependency: 2,
  PermissionDenied: 3,
  InvalidArguments: 4,
  Network: 5,
  Configuration: 6,
  Interrupted: 130,
} as const;

/** One of {@link ExitCode}, or `128 + N` after signal N. */
export type ExitCode = number;
