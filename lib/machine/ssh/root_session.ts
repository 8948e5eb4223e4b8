import { cannotElevate } from "../accounts/elevators.ts";
import { ExitCode } from "../exit_code.ts";
import { quote, type RunResult } from "../run.ts";
import { ToolError } from "../tool_error.ts";
import type { Context } from "../context.ts";
import { REMOTE_PATH, type RemoteMachine } from "./remote_machine.ts";

/** What root does on another machine. */
export interface RootSession {
  /** The command and its arguments. */
  readonly command: readonly string[];
  /**
   * What has to be done before the command begins. Until it is, the command line `daemon` there talks to a Nix
   * daemon that is root's.
   */
  readonly before?: ((daemon: string, signal: AbortSignal) => Promise<void>) | undefined;
  /** Called with its output, where it does not have this terminal. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/**
 * Runs one command there as root, all in one session, so that sudo, doas or run0 there asks for a password
 * once at most, on this terminal. No password passes through this program. When this program or the
 * connection goes away, the command gets HUP.
 * @throws ToolError exit 3 when it did not become root, 5 when the connection is lost
 */
export async function asRoot(
  ctx: Context,
  there: RemoteMachine,
  { command, before, onLine }: RootSession,
): Promise<RunResult> {
  const { ssh, folder, elevation, terminal } = there;
  requireRoot(there);
  const flags = [before ? "serve" : "", terminal ? "terminal" : ""];
  const words = [
    ...elevation ?? [],
    "/bin/sh",
    "-c",
    ROOT_SCRIPT,
    "sh",
    folder,
    ...flags,
    ...command,
  ];
  const ending = new AbortController();
  const signal = AbortSignal.any([ctx.signal, ending.signal]);
  // run0 takes the folder that it is in along, and root may be kept out of a home (NFS).
  const session = ssh.sh(`${REMOTE_PATH}\ncd / && exec ${words.map(quote).join(" ")}`, {
    terminal,
    keepInputOpen: true,
    signal,
    onLine,
  });
  // Asked while it runs: what it activates may put another /tmp there.
  const began = ssh.sh(
    `while [ -d ${folder} ] && [ ! -e ${folder}/over ] && [ ! -L ${folder}/served ]; do sleep 0.1; done
[ -L ${folder}/served ]`,
    { signal },
  );
  let became = false;
  began.then(({ code }) => became = code === 0, () => {});
  const over = () => ssh.sh(`[ ! -d ${folder} ] || : > ${folder}/over`, { signal: null });
  const ended = async () => {
    if (!became) await over();
    if ((await began).code !== 0) throw notRoot(ssh.destination);
  };
  const prepared = before && began.then(async ({ code }) => {
    if (code !== 0) return;
    if (terminal) await keepLines(ctx);
    await before(`sh ${folder}/served/daemon`, signal);
    await ssh.sh(`: > ${folder}/go`, { signal });
  });
  try {
    const early = await Promise.race([prepared, session]);
    if (prepared !== undefined && early !== undefined) {
      await ended();
      throw new ToolError(
        `what was begun on ${ssh.destination} was ended there before anything was changed`,
        {
          code: early.code === ExitCode.Interrupted ? early.code : ExitCode.General,
          hint: "run it again",
        },
      );
    }
    const result = await session;
    await ended();
    return result;
  } catch (error) {
    ending.abort(error);
    // ssh's master keeps a killed client's streams open until what it began there has ended.
    await over().catch(() => {});
    await Promise.allSettled([began, prepared, session]);
    throw error;
  }
}

/** ssh has made this terminal a raw one; lines that are written here meanwhile need their beginnings back. */
async function keepLines({ run }: Context): Promise<void> {
  if (run.which("stty") === undefined) return;
  await run("stty", ["opost", "onlcr"], { group: "terminal", accept: "any" });
}

/** @throws ToolError exit 3 when it is known already that nothing there can make a command root's */
export function requireRoot({ ssh, elevation, useless }: RemoteMachine): void {
  if (elevation === undefined) throw notRoot(ssh.destination, useless);
}

function notRoot(destination: string, useless?: string): ToolError {
  return new ToolError(`you did not become root on ${destination}`, {
    code: ExitCode.PermissionDenied,
    hint: (useless === undefined ? "" : `${cannotElevate(useless)}; `) +
      "on a terminal, and without --json, sudo there asks for your password; otherwise log in " +
      "as root@… or as somebody whom sudo asks for none",
  });
}

/**
 * Of root there. What root writes is in a folder of root's in /run, where nobody can put a link in its way;
 * the login may only talk through the two pipes. Without a terminal, which would hang the command up by
 * itself, it is hung up as soon as nothing holds its input open.
 */
const ROOT_SCRIPT = `folder=$1 serve=$2 terminal=$3
shift 3
umask 077
${REMOTE_PATH}
served=/ command='' server=''
hang_up() {
  if [ "$command" ]; then kill -HUP "$command"; else exit 129; fi
}
close() {
  [ -z "$server" ] || kill "$server"
  [ "$served" = / ] || rm -rf "$served"
  server='' served=/
}
trap close EXIT
trap hang_up HUP
if [ -z "$terminal" ]; then
  exec 3<&0 </dev/null
  { cat <&3; kill -HUP $$; } >/dev/null 2>&1 &
  watch=$!
  exec 3<&-
fi
if [ "$serve" ]; then
  served=$(mktemp -d /run/hyper-nixos-XXXXXXXX) || exit 1
  chmod 711 "$served"
  mkfifo "$served/in" "$served/out" || exit 1
  chown --reference="$folder" "$served/in" "$served/out"
  printf '%s\\n' 'exec 3<&0' "cat <&3 >$served/in &" "exec cat $served/out" > "$served/daemon"
  chmod 644 "$served/daemon"
  (
    trap - EXIT HUP
    # The pipes are opened by this shell, so that nothing is left waiting for them when it is ended.
    while :; do { nix-daemon --stdio; } <"$served/in" >"$served/out"; done
  ) &
  server=$!
fi
ln -sT "$served" "$folder/served" || exit 1
if [ "$serve" ]; then
  while [ -d "$folder" ] && [ ! -e "$folder/go" ]; do sleep 0.1; done
  [ -e "$folder/go" ] || exit 1
  close
fi
trap - EXIT
[ -z "$terminal" ] || { trap - HUP; exec "$@"; }
"$@" &
command=$!
while :; do
  wait "$command"
  code=$?
  kill -0 "$command" 2>/dev/null || break
done
kill "$watch"
exit "$code"
`;
