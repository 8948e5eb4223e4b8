import { ExitCode } from "./exit_code.ts";
import { commandLine, type Runner } from "./run.ts";
import { ToolError } from "./tool_error.ts";

/** Variables that mean something to a tool and that sudo would drop. */
const PRESERVED = [
  "GITHUB_API_URL",
  "GITHUB_RAW_URL",
  "GITHUB_SERVER_URL",
  "GITHUB_TOKEN",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "HYPERVISOR_LOG_FORMAT",
  "HYPERVISOR_PLAIN",
  "HYPERVISOR_REPO",
  "HYPERVISOR_ROOT",
  "HYPERVISOR_SOURCE",
  "HYPERVISOR_TIMEOUT",
  "NIX_CONFIG",
  "NIX_PATH",
  "NIX_SSL_CERT_FILE",
  "NO_COLOR",
  "NO_PROXY",
  "SSH_CONNECTION",
  "SSL_CERT_FILE",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

/** A command that starts this program again as root. */
export interface Elevation {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How this program can start itself again as root: through sudo, doas or run0, whichever is there,
 * in this order.
 * @param env the caller's environment: what of it must be kept is named to the program
 * @param args the command-line arguments of this run
 */
export function elevation(
  run: Runner,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Elevation | undefined {
  const self = [...ownCommand(env), ...args];
  const kept = PRESERVED.filter((name) => env[name] !== undefined);
  if (run.which("sudo")) {
    const preserve = kept.length > 0 ? [`--preserve-env=${kept.join(",")}`] : [];
    return { command: "sudo", args: [...preserve, "--", ...self] };
  }
  if (run.which("doas")) return { command: "doas", args: ["--", ...self] };
  if (run.which("run0")) {
    return { command: "run0", args: [...kept.map((name) => `--setenv=${name}`), "--", ...self] };
  }
  return undefined;
}

/** The refusal for who is not root, with the line to type. */
export function needsRootError(found: Elevation | undefined): ToolError {
  return new ToolError("this needs root: it changes the system's configuration", {
    code: ExitCode.PermissionDenied,
    hint: found
      ? `run: ${commandLine(found.command, found.args)}`
      : "run it as root; neither sudo, doas nor run0 was found",
  });
}

/**
 * The command that started this program: the Nix wrapper, which sets `HYPERVISOR_EXECUTABLE`, the
 * compiled executable, or Deno with the script.
 */
function ownCommand(env: Readonly<Record<string, string>>): string[] {
  const wrapper = env.HYPERVISOR_EXECUTABLE;
  if (wrapper?.startsWith("/nix/store/")) return [wrapper];
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "-A", new URL(Deno.mainModule).pathname];
}
