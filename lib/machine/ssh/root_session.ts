import { cannotElevate } from "../accounts/elevators.ts";
import { ExitCode } from "../exit_code.ts";
import type { RunResult } from "../run.ts";
import { quote } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";
import type { Context } from "../context.ts";
import { REMOTE_PATH, type RemoteMachine } from "./remote_machine.ts";

/** What root does on another machine. */
export interface RootSession {
  /** The command and its arguments. */
  readonly command: readonly string[];
  /** What has to be done before the command begins. */
  readonly before?: ((daemon: string, signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * Makes what the command waits for, as soon as it does (`waitForArrival`), and returns the path there that
   * the link {@link arrivalLink} is then to lead to. Where the command ends without, it is not called.
   */
  readonly supply?: ((daemon: string, signal: AbortSignal) => Promise<string>) | undefined;
  /** Called with its output, where it does not have this terminal. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** How often whoever waits there is told that somebody works for it, in milliseconds. */
const ALIVE_EVERY = 20_000;

/** What a command of root's there may wait for. */
export function arrivalLink({ folder }: Pick<RemoteMachine, "folder">): string {
  return `${folder}/arrival`;
}

/**
 * Runs one command there as root, all in one session, so that sudo, doas or run0 there asks for a password
 * once at most, on this terminal. No password passes through this program. While `before` and `supply` are
 * at work, the command line `daemon` there talks to a Nix daemon that is root's. When this program or the
 * connection goes away, the command gets HUP.
 * @throws ToolError exit 3 when it did not become root, 5 when the connection is lost
 */
export async function asRoot(
  ctx: Context,
  there: RemoteMachine,
  { command, before, supply, onLine }: RootSession,
): Promise<RunResult> {
  const { ssh, folder, elevation, terminal } = there;
  requireRoot(there);
  const serve = before !== undefined || supply !== undefined;
  const flags = [serve ? "serve" : "", terminal ? "terminal" : ""];
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
  const has = async (test: string) => {
    const { code } = await ssh.sh(
      `while [ -d ${folder} ] && [ ! -e ${
        arrivalLink(there)
      }.over ] && [ ! ${test} ]; do sleep 0.1; done
[ ${test} ]`,
      { signal },
    );
    return code === 0;
  };
  const began = has(`-L ${folder}/served`);
  let became = false;
  began.then((yes) => became = yes, () => {});
  const over = () =>
    ssh.sh(`[ ! -d ${folder} ] || : > ${arrivalLink(there)}.over`, { signal: null });
  const ended = async () => {
    if (!became) await over();
    if (!await began) throw notRoot(ssh.destination);
  };
  const daemon = `sh ${folder}/served/daemon`;
  let started = !serve;
  let arrived = !serve;
  const prepare = async () => {
    if (!await began) return;
    if (terminal) await keepLines(ctx);
    await before?.(daemon, signal);
    await ssh.sh(`: > ${folder}/start`, { signal });
    started = true;
    if (supply !== undefined && !await has(`-e ${arrivalLink(there)}.awaited`)) return;
    const path = await supply?.(daemon, signal);
    await ssh.sh(endServing(folder), { signal });
    if (path !== undefined) {
      await ssh.sh(`ln -s ${quote(path)} ${arrivalLink(there)}`, { signal });
    }
    clearInterval(alive);
    arrived = true;
  };
  const alive = setInterval(() => {
    if (started) ssh.sh(`: > ${arrivalLink(there)}.alive`, { signal }).catch(() => {});
  }, ALIVE_EVERY);
  const prepared = serve ? prepare() : undefined;
  try {
    const early = await Promise.race([prepared, session]);
    if (early !== undefined && !started) {
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
    if (!arrived) await over();
    ending.abort();
    await Promise.allSettled([prepared]);
    return result;
  } catch (error) {
    ending.abort(error);
    // ssh's master keeps a killed client's streams open until what it began there has ended.
    await over().catch(() => {});
    await Promise.allSettled([began, prepared, session]);
    throw error;
  } finally {
    clearInterval(alive);
  }
}

/**
 * Shell that ends the daemon there. It waits for somebody to open its pipes, and for its last client's end,
 * which it would not see while they are open.
 */
function endServing(folder: string): string {
  const [from, to] = [`${folder}/served/in`, `${folder}/served/out`];
  return `: > ${folder}/served_all
while [ -e ${from} ]; do ( exec 3<>${from} 4<>${to}; sleep 0.1 ); sleep 0.1; done`;
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
  # The server takes its pipes away when it ends by itself; then its number may be another's.
  [ -z "$server" ] || [ ! -e "$served/in" ] || kill "$server"
  [ "$served" = / ] || rm -rf "$served"
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
    until [ -e "$folder/served_all" ]; do
      { [ -e "$folder/served_all" ] || nix-daemon --stdio; } <"$served/in" >"$served/out"
    done
    rm -f "$served/in"
  ) &
  server=$!
fi
ln -sT "$served" "$folder/served" || exit 1
if [ "$serve" ]; then
  while [ -d "$folder" ] && [ ! -e "$folder/start" ]; do sleep 0.1; done
  [ -e "$folder/start" ] || exit 1
fi
if [ "$terminal" ]; then
  # Ctrl-C is for the command, which may want to go on. When the terminal is hung up, it hears of that by
  # this shell's end.
  trap : INT QUIT
  trap - HUP
  "$@"
  exit
fi
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
