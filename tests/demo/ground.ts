/**
 * How the demo's tools get a machine to change: as the running machine, in namespaces where the scratch
 * machine's folders are the root directory's, or as one that is mounted in a folder, where no namespaces
 * can be had. Without root and without namespaces the tools run under a small fakeroot.
 */
import { executables, type Launch, launch } from "../support/launch.ts";
import { StoryError } from "./story_error.ts";
import type { World } from "./world.ts";

/** What this machine allows. */
export interface Ground {
  /** Whether the scratch machine is the running one for the tools. */
  readonly running: boolean;
  /** Whether the tools are only told that they are root. */
  readonly fakeRoot: boolean;
  /** In words, for who watches. */
  readonly words: string;
  /** How a tool, or `/bin/sh`, is started on the scratch machine. */
  launch(tool: string, args: readonly string[]): Launch;
  /** A machine path as a person types it. */
  path(machinePath: string): string;
}

const FAKE_ROOT = new URL("./fake_root.ts", import.meta.url).pathname;

/**
 * Finds out by trying what this machine allows.
 * @param mounted do not try namespaces
 * @throws StoryError when nothing does: compiled executables without root and without namespaces
 */
export async function findGround(
  world: World,
  denoDirectory: string,
  mounted: boolean,
): Promise<Ground> {
  const isRoot = Deno.uid() === 0;
  const inside = ground(world, denoDirectory, { running: true, fakeRoot: false });
  if (!mounted && await works(inside)) return inside;
  if (!isRoot && executables) {
    throw new StoryError(
      "without root and without user namespaces compiled executables cannot be shown",
    );
  }
  return ground(world, denoDirectory, { running: false, fakeRoot: !isRoot });
}

function ground(
  world: World,
  denoDirectory: string,
  { running, fakeRoot }: { readonly running: boolean; readonly fakeRoot: boolean },
): Ground {
  const { root } = world.machine;
  const { api, raw, server } = world.server.together;
  const env = {
    GITHUB_API_URL: api,
    GITHUB_RAW_URL: raw,
    GITHUB_SERVER_URL: server,
    // git(1) asks the same server when somebody clones from GitHub.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `url.${server}/.insteadOf`,
    GIT_CONFIG_VALUE_0: "https://github.com/",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    TERM: Deno.env.get("TERM"),
    NO_COLOR: Deno.env.get("NO_COLOR"),
    HYPERVISOR_PLAIN: Deno.env.get("HYPERVISOR_PLAIN"),
    ...(running ? {} : { DENO_DIR: denoDirectory, HYPERVISOR_ROOT: root }),
  };
  return {
    running,
    fakeRoot,
    words: words(running, fakeRoot),
    launch: (tool, args) => {
      const start = launch(tool, args, {
        env,
        cwd: world.folder,
        standIns: world.programs.folder,
        asIs: true,
        fromSource: true,
        ...(running ? { inside: root } : {}),
      });
      const isScript = start.args.some((word) => word.endsWith(".ts"));
      if (!fakeRoot || !isScript) return start;
      const [run = "", ...rest] = start.args;
      return { ...start, args: [run, "--preload", FAKE_ROOT, ...rest] };
    },
    path: (machinePath) => running ? machinePath : `$HYPERVISOR_ROOT${machinePath}`,
  };
}

function words(running: boolean, fakeRoot: boolean): string {
  if (running) {
    return "The tools see it as the running machine, in namespaces of their own: they cannot " +
      "change yours.";
  }
  const mounted = "Without namespaces of their own, the tools see it as a machine that is " +
    "mounted in that folder (HYPERVISOR_ROOT): its system is built, and nothing is activated.";
  return fakeRoot
    ? `${mounted} They are only told that they are root: every file is yours.`
    : mounted;
}

async function works(candidate: Ground): Promise<boolean> {
  using start = candidate.launch("validator", ["--version"]);
  try {
    const { success } = await new Deno.Command(start.command, {
      args: [...start.args],
      env: { ...start.env },
      clearEnv: true,
      cwd: start.cwd,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
