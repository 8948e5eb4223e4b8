/**
 * How a tool is started in tests: as cmd/<name>.ts, bundled (bundled.ts), with the Deno that runs the
 * tests, or, with HYPERVISOR_TEST_EXECUTABLES=<folder>, as the compiled executable. As another user, or "inside" a
 * scratch machine, it runs in a mount namespace of its own (unshare(1)): root's, or where users may make
 * user namespaces (user_namespaces(7)), one in which this user is root.
 */
import { dirname } from "node:path";
import { bundledTool } from "./bundled.ts";
import { OFFLINE_NIX_CONFIG } from "./context.ts";

/** How to start one tool. */
export interface LaunchOptions {
  /** Adds `--root`. */
  readonly root?: string;
  /**
   * The root of a scratch machine that the tool shall take for the running one: its /etc, /var, /nix,
   * /home, /root, /boot, /run, /srv, /sys and /dev are bound over this machine's, its host name is set,
   * and the files of its /proc are bound over those of the tool's process. /tmp stays.
   */
  readonly inside?: string;
  /** Added to the clean environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What starts the tool, once it is in its place: strace(1) with its options. */
  readonly under?: readonly string[];
  /** A folder that goes first on PATH, see stand_ins.ts. */
  readonly standIns?: string;
  /** Runs as this user and group, without supplementary groups. */
  readonly uid?: number;
  /** Runs cmd/<name>.ts itself, as a person does who has cloned this repository. */
  readonly fromSource?: boolean;
  /** Runs as who runs the tests, also when that is not root. */
  readonly asIs?: boolean;
  /** Host folders that are mounted read-only for the tool. */
  readonly readOnly?: readonly string[];
  /** Host folders that are, for the tool, on a file system without space; what it writes there is lost. */
  readonly full?: readonly string[];
}

/** A command ready for `Deno.Command` or a terminal. */
export interface Launch extends Disposable {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The folder of compiled executables, when the tests are to use them. */
export const executables: string | undefined = Deno.env.get("HYPERVISOR_TEST_EXECUTABLES");

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** Files of /proc that a scratch machine has; those below `self` are the tool's own, not its children's. */
const PROC = ["cpuinfo", "meminfo", "cmdline", "swaps", "modules", "version", "mdstat"];
const PROC_SELF = ["mountinfo", "mounts", "net"];
const BOUND = ["etc", "var", "nix", "home", "root", "boot", "run", "srv", "sys", "dev"];
/** Device nodes that programs cannot do without: only root can make a scratch machine's own. */
const NODES = ["null", "zero", "full", "random", "urandom", "tty"];
/** Where, inside a namespace, what the tool itself needs is found. */
const STAGE = [REPOSITORY, Deno.execPath()].some((path) => path.startsWith("/mnt/"))
  ? "/opt"
  : "/mnt";

/**
 * @param tool a tool's name, or the absolute path of a script of this repository or of an executable
 * @returns dispose it after the tool has ended: its HOME is removed
 */
export function launch(
  tool: string,
  args: readonly string[],
  options: LaunchOptions = {},
): Launch {
  const home = Deno.makeTempDirSync({ prefix: "home-" });
  if (options.uid !== undefined) Deno.chownSync(home, options.uid, options.uid);
  const staged = options.inside !== undefined || options.uid !== undefined ||
    options.readOnly !== undefined || options.full !== undefined;
  const bundled = executables || tool.startsWith("/") || options.fromSource
    ? undefined
    : bundledTool(tool);
  const bundle = bundled === undefined ? undefined : dirname(bundled);
  const places = staged
    ? {
      deno: `${STAGE}/deno`,
      cache: `${STAGE}/cache`,
      repository: `${STAGE}/repository`,
      executables: `${STAGE}/executables`,
      bundle: bundle && `${STAGE}/bundle`,
    }
    : {
      deno: Deno.execPath(),
      cache: denoDirectory(),
      repository: REPOSITORY,
      executables: executables ?? "",
      bundle,
    };
  const own = toolCommand(tool, places);
  const command = [
    ...options.under ?? [],
    ...own,
    ...args,
    ...(options.root === undefined ? [] : ["--root", options.root]),
  ];
  const env: Record<string, string | undefined> = {
    HOME: options.inside === undefined ? home : "/root",
    PATH: [...(options.standIns ? [options.standIns] : []), ...systemPath()].join(":"),
    LANG: "C.UTF-8",
    NIX_CONFIG: OFFLINE_NIX_CONFIG,
    DENO_DIR: places.cache,
    DENO_NO_UPDATE_CHECK: "1",
    ...options.env,
  };
  const whole = staged
    ? inNamespace(command, bundle, options)
    : [...(options.asIs ? [] : rootHere(tool)), ...command];
  return {
    command: whole[0]!,
    args: whole.slice(1),
    env: Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    cwd: options.cwd ?? "/",
    [Symbol.dispose]: () => Deno.removeSync(home, { recursive: true }),
  };
}

/**
 * A shell command that starts a tool from another process inside a scratch machine, with its environment.
 * @param standIns as in {@link LaunchOptions}
 */
export function commandInside(tool: string, standIns: string): string {
  const words = toolCommand(tool, {
    deno: `${STAGE}/deno`,
    repository: `${STAGE}/repository`,
    executables: `${STAGE}/executables`,
    bundle: executables ? undefined : dirname(bundledTool(tool) ?? "/"),
  });
  const path = [standIns, ...systemPath()].join(":");
  return `PATH='${path}' DENO_DIR=${STAGE}/cache DENO_NO_UPDATE_CHECK=1 exec ${words.join(" ")}`;
}

/** Whether a tool is started as root: the real one, or that of a user namespace. */
export const startsAsRoot: boolean = Deno.uid() === 0 || makesNamespaces();

/** Containers and some distributions refuse user namespaces to users. */
function makesNamespaces(): boolean {
  try {
    const command = new Deno.Command("unshare", {
      args: ["--map-root-user", "true"],
      stderr: "null",
    });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/**
 * Where root is not to be had, a tool runs as root of a user namespace, to whom the test's files
 * belong. Scripts of the tests run as who runs the tests.
 */
function rootHere(tool: string): readonly string[] {
  const asIs = tool.startsWith("/") || Deno.uid() === 0 || !startsAsRoot;
  return asIs ? [] : ["unshare", "--map-root-user", "--"];
}

function toolCommand(
  tool: string,
  places: {
    readonly deno: string;
    readonly repository: string;
    readonly executables: string;
    readonly bundle: string | undefined;
  },
): string[] {
  if (!tool.startsWith("/")) {
    if (executables) return [`${places.executables}/${tool}`];
    if (places.bundle !== undefined) {
      const script = `${places.bundle}/${tool}.js`;
      // Everything is in it; what lies above its folder is nobody's.
      return [places.deno, "run", "-A", "--no-config", "--cached-only", "--no-prompt", script];
    }
    tool = `${REPOSITORY}/cmd/${tool}.ts`;
  }
  if (!tool.endsWith(".ts")) return [tool];
  const script = places.repository + tool.slice(REPOSITORY.length);
  return [places.deno, "run", "-A", "--cached-only", "--no-prompt", script];
}

/**
 * Wraps a command so that it runs in its own mount namespace; the process id stays the same. What is
 * bound is bound by one mount(8), from a table as in fstab(5): thirty of them cost more than a tool's start.
 */
function inNamespace(
  command: readonly string[],
  bundle: string | undefined,
  options: LaunchOptions,
): string[] {
  const quote = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;
  const lines = [
    "set -e",
    // Seen once in many hundred runs on a loaded machine: a mount that fails and then works.
    'mount() { command mount "$@" || { sleep 0.2; command mount "$@"; }; }',
    `mount -t tmpfs -o mode=755 tmpfs ${STAGE}`,
    `mkdir ${STAGE}/cache ${STAGE}/repository ${STAGE}/executables ${STAGE}/bundle ${STAGE}/full`,
    `: > ${STAGE}/deno`,
  ];
  for (const folder of (options.full ?? []).map(quote)) {
    lines.push(
      `mount -t tmpfs -o size=16m,mode=755 tmpfs ${STAGE}/full`,
      `cp -a ${folder}/. ${STAGE}/full`,
      `dd if=/dev/zero of=${STAGE}/full/.filler bs=64k 2>/dev/null || :`,
      `mount --move ${STAGE}/full ${folder}`,
    );
  }
  for (const folder of (options.readOnly ?? []).map(quote)) {
    lines.push(`mount --bind ${folder} ${folder}`, `mount -o remount,ro,bind ${folder}`);
  }
  const isRoot = Deno.uid() === 0;
  const bind = (from: string, to: string, how = "bind") =>
    `printf '%s %s none %s\\n' ${quote(fstabPath(from))} ${to} ${how}`;
  const bindOver = (from: string, to: string, how?: string) =>
    `[ ! -e ${to} ] || ${bind(from, to, how)}`;
  const { inside } = options;
  lines.push(
    "{",
    bind(Deno.realPathSync(Deno.execPath()), `${STAGE}/deno`),
    bind(denoDirectory(), `${STAGE}/cache`),
    bind(REPOSITORY, `${STAGE}/repository`),
    ...(executables ? [bind(executables, `${STAGE}/executables`)] : []),
    ...(bundle ? [bind(bundle, `${STAGE}/bundle`)] : []),
    ...(inside === undefined ? [] : [
      ...["pts", ...(isRoot ? [] : NODES)]
        .map((node) => bind(`/dev/${node}`, quote(fstabPath(`${inside}/dev/${node}`)))),
      ...BOUND.map((folder) => bindOver(`${inside}/${folder}`, `/${folder}`, "rbind")),
      ...PROC.map((file) => bindOver(`${inside}/proc/${file}`, `/proc/${file}`)),
      ...PROC_SELF.map((file) => bindOver(`${inside}/proc/self/${file}`, `/proc/$$/${file}`)),
    ]),
    `} > ${STAGE}/table`,
    `mount -a -T ${STAGE}/table`,
  );
  if (inside !== undefined) {
    // /proc/sys is the host's root's; the system call asks who is root in the namespace.
    lines.push(
      isRoot ? "cat /etc/hostname > /proc/sys/kernel/hostname" : 'hostname "$(cat /etc/hostname)"',
    );
  }
  lines.push('cd "$1"; shift; exec "$@"');
  const user = options.uid === undefined
    ? []
    : ["setpriv", `--reuid=${options.uid}`, `--regid=${options.uid}`, "--clear-groups", "--"];
  const cwd = options.cwd ?? "/";
  return [
    "unshare",
    ...(isRoot ? [] : ["-r"]),
    "-m",
    "-u",
    "--",
    "/bin/sh",
    "-c",
    lines.join("\n"),
    "sh",
    cwd,
    ...user,
    ...command,
  ];
}

/** A path as fstab(5) wants it, without white space. */
function fstabPath(path: string): string {
  return path.replace(/[\s\\]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function systemPath(): string[] {
  const own = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/"));
  return [...new Set([...own, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])];
}

function denoDirectory(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${cache}/deno`;
}
