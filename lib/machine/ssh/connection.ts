import { isIPv6 } from "node:net";
import { attempt } from "../attempt.ts";
import { makeTemporaryDirectory, temporaryPlace } from "../files/temporary.ts";
import { ExitCode } from "../exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { ifItAnswers, type RunOptions, type RunResult } from "../run.ts";
import { quote } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";
import type { Context } from "../context.ts";
import { sshOptions } from "./ssh_options.ts";

/** What ssh(1) ends with when it is ssh that failed, and not the command there. */
const SSH_FAILED = 255;

/** One SSH connection, which all commands of a run share (ssh_config(5), ControlMaster). */
export interface SshConnection extends AsyncDisposable {
  /** `[USER@]HOST`, as ssh takes it. */
  readonly destination: string;
  /** Options of ssh(1) that lead over this connection, for Nix too. */
  readonly options: readonly string[];
  /** Its ControlPath. */
  readonly socket: string;
  /**
   * Runs a POSIX shell script there, whatever the login shell is.
   * @throws ToolError exit 5 when the connection is lost; else as `ctx.run` that accepts any exit code
   */
  sh(script: string, options?: RunOptions & { readonly terminal?: boolean }): Promise<RunResult>;
}

/** A name or an address of IPv4, as ssh and Nix take both. */
const HOST = /^[A-Za-z0-9][\w.-]*$/;

/**
 * A destination as ssh takes it: an address of IPv6 without the brackets that it has in URLs.
 * @throws ToolError exit 4 for what ssh would take for an option, Nix for more than a host, and with `--root`
 */
export function requireDestination(ctx: Context, named: string, option: string): string {
  if (!ctx.root.isRunning) {
    throw new ToolError(`${option} means the machine that answers, not a mounted one`, {
      code: ExitCode.InvalidArguments,
      hint: "leave out --root",
    });
  }
  const [, user = "", host = ""] = /^(\w[\w.+-]*@)?([^@]+)$/.exec(named) ?? [];
  const address = host.replace(/^\[(.*)\]$/, "$1");
  if (HOST.test(host) || isIPv6(address) && /^[\w:.%-]+$/.test(address)) return user + address;
  throw new ToolError(`${option} ${named} is not [USER@]HOST`, {
    code: ExitCode.InvalidArguments,
    hint: "ports, keys and jump hosts belong into ~/.ssh/config, or into NIX_SSHOPTS",
  });
}

/**
 * A path in a folder of sockets has 107 bytes (unix(7)), of which this takes 21 for its own name, ssh 41
 * for %C and 17 for what the socket is called at first (mux.c); ssh and older Nix take a path with other signs apart.
 */
const FITS_SOCKETS = /^[\w./-]{1,28}$/;

function makeSocketFolder({ env }: Pick<Context, "env">): string {
  const fits = FITS_SOCKETS.test(temporaryPlace(env.TMPDIR));
  return makeTemporaryDirectory({ env: fits ? env : {} }, "ssh-");
}

/**
 * Connects with ssh(1) and its own configuration, agent and check of the host's key, none of which is
 * changed. On a terminal ssh asks what it has to ask. Options in NIX_SSHOPTS come first, as in Nix.
 * @param beside another connection, whose options lead over this one too
 * @returns dispose it to close the connection
 * @throws ToolError exit 3 when the host's key or the login is refused, 5 when nothing answers, 2 without ssh
 */
export async function connect(
  ctx: Context,
  named: string,
  beside?: SshConnection,
): Promise<SshConnection> {
  const own = sshOptions(ctx.env.NIX_SSHOPTS ?? "");
  const destination = named === "localhost" ? await withLogin(ctx, named, own) : named;
  const folder = makeSocketFolder(ctx);
  const socket = beside?.socket ?? `${folder}/%C`;
  const options = beside?.options ?? [
    ...own,
    ...Object.entries({
      ControlMaster: "auto",
      ControlPath: socket,
      // A tool that is killed leaves no open door for long.
      ControlPersist: "600",
      ConnectTimeout: "30",
      ServerAliveInterval: "15",
      ServerAliveCountMax: "4",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
  const ssh = (args: readonly string[], run: RunOptions) =>
    ctx.run("ssh", [...options, ...args], { accept: "any", ...run });
  const close = async () => {
    // By its socket: a connection that NIX_SSHOPTS names is its owner's.
    const exit = ["-O", "exit", "-S", socket, "--", destination];
    await ifItAnswers(ssh(exit, { signal: null, timeout: 10_000 }));
    Deno.removeSync(folder, { recursive: true });
  };
  try {
    const messages = `${folder}/messages`;
    const { code } = await ssh(["-E", messages, "-T", "--", destination, "exit"], {
      group: ctx.ui.interactive ? "terminal" : "own",
    });
    if (code !== 0) {
      throw refusal(ctx, destination, attempt(() => Deno.readTextFileSync(messages)) ?? "");
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    destination,
    options,
    socket,
    sh: async (script, { terminal = false, ...run } = {}) => {
      const command = `exec /bin/sh -c ${quote(script)}`;
      // Without a word of ssh's about the connection that was shared.
      const how = terminal ? ["-tt", "-o", "LogLevel=ERROR"] : ["-T"];
      const result = await ssh([...how, "--", destination, command], {
        ...run,
        ...(terminal ? { group: "terminal" } : {}),
      });
      // Of a session that is listened to, the last words are those of what ran there.
      if (result.code === SSH_FAILED) throw lost(destination, run.onLine ? "" : result.stderr);
      return result;
    },
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Nix takes a host of this very name for this machine, and connects to nothing; a port of it may lead to
 * another one. With the name of whoever ssh logs in as it is one among others.
 */
async function withLogin(ctx: Context, host: string, options: readonly string[]): Promise<string> {
  const { stdout } = await ctx.run("ssh", [...options, "-G", "--", host], { accept: "any" });
  const user = /^user (\S+)$/m.exec(stdout)?.[1];
  return user === undefined ? host : `${user}@${host}`;
}

/** What ssh said, told apart: a machine that is another one, one that refuses, one that is not reached. */
function refusal(ctx: Context, destination: string, said: string): ToolError {
  const lines = said.trim().split("\n").map(printableLine).filter((line) => line !== "");
  // ssh(1) does not read NIX_SSHOPTS.
  const byHand = `ssh ${ctx.env.NIX_SSHOPTS?.trim() ?? ""} ${destination}`.replace(/\s+/g, " ");
  for (const { words, refusal } of REFUSALS) {
    const why = lines.findLast((line) => words.test(line));
    if (why !== undefined) return refusal(destination, why, byHand);
  }
  return new ToolError(
    `${destination} cannot be reached: ${lines.at(-1) ?? "ssh did not say why"}`,
    {
      code: ExitCode.Network,
      hint: `see that this works: ${byHand}`,
    },
  );
}

const REFUSALS = [
  {
    words: /host key verification failed|remote host identification has changed/i,
    refusal: (destination: string, why: string, byHand: string) =>
      new ToolError(`${destination} is not known by its host key: ${why}`, {
        code: ExitCode.PermissionDenied,
        hint: `compare its key with the machine's own, then connect once by hand: ${byHand}`,
      }),
  },
  {
    words: /permission denied|too many authentication failures/i,
    refusal: (destination: string, why: string, byHand: string) =>
      new ToolError(`${destination} does not let you in: ${why}`, {
        code: ExitCode.PermissionDenied,
        hint: `see that this works: ${byHand}; without a terminal only keys can`,
      }),
  },
];

function lost(destination: string, stderr: string): ToolError {
  const why = printableLine(stderr.trim().split("\n").at(-1) ?? "");
  return new ToolError(`the connection to ${destination} was lost${why && `: ${why}`}`, {
    code: ExitCode.Network,
    hint:
      `before its activation nothing was changed there, after it the machine goes on by itself; see ` +
      `how it ended: rebuild-helper --target-host ${destination} --list-generations`,
  });
}
