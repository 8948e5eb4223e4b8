import { ExitCode } from "../../machine/exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { CommandError, type RunResult } from "../../machine/run.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { SshConnection } from "../../machine/ssh/connection.ts";
import { sshOptionsText } from "../../machine/ssh/ssh_options.ts";
import type { Context } from "../../machine/context.ts";
import { CopyProgress } from "./copy_progress.ts";

/** Another machine's store, as Nix reaches it over a connection that is open. */
export interface RemoteStore {
  readonly ssh: SshConnection;
  /** The command there that is a Nix daemon; nix-daemon of the login when not given. */
  readonly daemon?: string;
}

/** The store as Nix names it (Nix manual, "Store URLs"). */
export function storeUrl({ ssh, daemon }: RemoteStore): string {
  const host = ssh.destination.replace(/[^@]*:.*/, "[$&]");
  const program = daemon === undefined ? "" : `?remote-program=${encodeURIComponent(daemon)}`;
  return `ssh-ng://${host}${program}`;
}

/** What Nix's own ssh needs to take the same connection. */
export function storeEnvironment({ ssh }: Pick<RemoteStore, "ssh">): Record<string, string> {
  return { NIX_SSHOPTS: sshOptionsText(ssh.options) };
}

/** Between which stores, by Nix; this machine's where one is not named. */
export interface Copying {
  readonly from?: RemoteStore | undefined;
  readonly to?: RemoteStore | undefined;
}

/**
 * Copies store paths with all they need, and shows it; what is there already is not sent.
 * @throws ToolError exit 1 when there is no room or Nix there takes nothing, 5 when a connection is lost
 */
export async function copyPaths(
  ctx: Context,
  { from, to }: Copying,
  paths: readonly string[],
  signal: AbortSignal = ctx.signal,
): Promise<void> {
  const destination = to?.ssh.destination ?? "this machine";
  const progress = new CopyProgress(ctx, destination);
  const copying = ctx.run("nix", [
    "copy",
    "--log-format",
    "internal-json",
    // Root takes what it is given, as with nixos-rebuild --target-host.
    "--no-check-sigs",
    ...(from ? ["--from", storeUrl(from)] : []),
    ...(to ? ["--to", storeUrl(to)] : []),
    ...paths,
  ], {
    accept: "any",
    env: storeEnvironment((to ?? from)!),
    capture: 1024,
    signal,
    onLine: (line) => progress.line(line),
  });
  let result: RunResult | undefined;
  try {
    result = await copying;
  } finally {
    progress.end(result?.code === 0);
  }
  if (result.signal !== null) throw new CommandError({ ...result, stderr: progress.errors });
  if (result.code !== 0) throw copyFailure(to?.ssh.destination, progress.errors);
}

/** @param host the machine that it was copied to, undefined for this one */
function copyFailure(host: string | undefined, stderr: string): ToolError {
  const destination = host ?? "this machine";
  const lines = stderr.trim().split("\n").map(printableLine);
  const why = lines.findLast((line) => /error/.test(line)) ?? lines.at(-1) ?? "";
  if (/no space left on device|disk quota exceeded/i.test(stderr)) {
    return new ToolError(`the disk of ${destination} is full`, {
      hint: host === undefined
        ? "free some: rebuild-helper --clean, then nix-collect-garbage"
        : `free some: rebuild-helper --target-host ${host} --clean, and there nix-collect-garbage`,
    });
  }
  const lost =
    /failed to start SSH|broken pipe|connection (?:reset|closed|refused)|unexpected end|disconnected unexpectedly|closed by remote host|not responding|mux_client/i;
  return new ToolError(`the system could not be copied to ${destination}: ${why}`, {
    code: lost.test(stderr) ? ExitCode.Network : ExitCode.General,
    hint: "nothing was changed there; what was copied need not be copied again",
  });
}
