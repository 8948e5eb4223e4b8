import { attempt } from "./attempt.ts";
import { ToolError } from "./tool_error.ts";
import { ExitCode } from "./exit_code.ts";
import { commandLine } from "./shell_words.ts";

/** Linux gives up after 40 links (path_resolution(7)); so do we. */
const MAX_LINKS = 40;

/**
 * The file system of the machine under management, seen from outside: `/` for this machine, or the
 * folder where another machine is mounted. Symbolic links are resolved *inside* the root, as chroot(2)
 * would, so that `/etc/localtime -> /etc/zoneinfo/UTC` of a mounted machine never reads this machine's.
 */
export class Root {
  /** The absolute host path of the machine's `/`, without a trailing slash; empty for `/`. */
  readonly #prefix: string;

  constructor(path: string) {
    if (!path.startsWith("/")) {
      throw new ToolError(`root "${path}" is not an absolute path`, {
        code: ExitCode.InvalidArguments,
        hint: "name it from / on",
      });
    }
    this.#prefix = normalize(path) === "/" ? "" : normalize(path);
  }

  /** The host path of the machine's `/`. */
  get path(): string {
    return this.#prefix || "/";
  }

  /** True when the machine under management is the running one. */
  get isRunning(): boolean {
    return this.#prefix === "";
  }

  /**
   * The host path of a machine path. Links in the folders above it are resolved inside the root; the
   * last component is not followed, so that it can be read or replaced as a link.
   * @throws ToolError on a link loop
   */
  host(machinePath: string): string {
    return this.#prefix + this.#resolve(machinePath, false) || "/";
  }

  /** Like {@link host}, but a link in the last component is followed too. */
  follow(machinePath: string): string {
    return this.#prefix + this.#resolve(machinePath, true) || "/";
  }

  /** The machine path behind every link, for example of `/run/current-system`. */
  realPath(machinePath: string): string {
    return this.#resolve(machinePath, true) || "/";
  }

  /** The machine path of a host path inside the root; the host path itself when it is outside. */
  machine(hostPath: string): string {
    if (this.#prefix === "") return hostPath;
    if (hostPath === this.#prefix) return "/";
    return hostPath.startsWith(this.#prefix + "/") ? hostPath.slice(this.#prefix.length) : hostPath;
  }

  #resolve(machinePath: string, followLast: boolean): string {
    const pending = components(machinePath);
    const done: string[] = [];
    let links = 0;
    while (pending.length > 0) {
      const name = pending.shift()!;
      if (name === "..") {
        done.pop();
        continue;
      }
      const candidate = "/" + [...done, name].join("/");
      const target = pending.length > 0 || followLast
        ? readLink(this.#prefix + candidate)
        : undefined;
      if (target === undefined) {
        done.push(name);
        continue;
      }
      if (++links > MAX_LINKS) {
        throw new ToolError(`too many symbolic links in ${machinePath}`, {
          code: ExitCode.Configuration,
          hint: `look at it with: ${commandLine("namei", ["-l", this.#prefix + machinePath])}`,
        });
      }
      if (target.startsWith("/")) done.length = 0;
      pending.unshift(...components(target));
    }
    return done.length === 0 ? "" : "/" + done.join("/");
  }
}

function components(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function normalize(path: string): string {
  const done: string[] = [];
  for (const name of components(path)) {
    if (name === "..") done.pop();
    else done.push(name);
  }
  return "/" + done.join("/");
}

/** The target of a symbolic link; undefined for anything else, also for what does not exist. */
function readLink(path: string): string | undefined {
  // Asked first: most are none, and an error takes longer to make than a look.
  return attempt(() => Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined);
}
