import { attempt } from "../../machine/attempt.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import {
  absolutePath,
  lstatIfExists,
  parentOf,
  realPathIfSeen,
  statIfSeen,
} from "../../machine/files/files.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";

/** A flake as Nix can be given it. */
export interface FlakeReference {
  /** Without `#attribute`; absolute. */
  readonly url: string;
  /** Host path of the folder that really holds flake.nix, for a flake on this disk. */
  readonly directory?: string;
  /** Host path of the git checkout that holds it: then Nix sees only files that git tracks. */
  readonly checkout?: string;
  /** What stood after `#`. */
  readonly attribute?: string;
  /** It is evaluated without `--impure`, whatever the caller wants. */
  readonly pure?: boolean;
  /** Inputs to take from elsewhere than the lock file says, by name. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Further options of every Nix command that evaluates it, such as `--offline`. */
  readonly flags?: readonly string[];
}

/** What every Nix command that evaluates a flake is given: what is built is what was proven. */
export function flakeOptions({ pure, flags = [], inputs = {} }: FlakeReference): string[] {
  return [
    ...(pure ? [] : ["--impure"]),
    ...flags,
    ...Object.entries(inputs).flatMap(([name, url]) => ["--override-input", name, url]),
  ];
}

/** URL schemes of flakes elsewhere (Nix manual, "nix flake", Types). */
const REMOTE =
  /^(?:(?:github|gitlab|sourcehut):[^/?#\s]+\/[^/?#\s]+|flake:[^?#\s]+|(?:git|hg|tarball|file)\+(?:https?|ssh):\/\/[^/?#\s]+|(?:git|https?):\/\/[^/?#\s]+|(?:tarball|file)\+file:\/\/\/)/;
/**
 * Resolves what a user names as a flake, in the forms that Nix knows: a folder (or its flake.nix),
 * `path:`, `git+file:`, `github:owner/repo/ref`, `git+https:` and so on, each with `#attribute`. An
 * absolute folder is a path of the machine under management; one that already starts with the path
 * of its root, and a relative one, is a path as seen from here. What stands after `?` is kept
 * (`/etc/nixos?submodules=1#HOST`); of a `ref` or `rev`, what is not committed does not count.
 *
 * A folder's flake.nix may be a symlink: the folder of its target is taken, because Nix copies the
 * folder without what a link leads to. A folder inside a git checkout becomes `git+file:`, as with Nix.
 * @throws ToolError exit 4 for what is no flake reference, 6 when there is no flake.nix
 */
export function resolveFlake(ctx: Context, text: string): FlakeReference {
  const [reference, attribute] = splitAttribute(text);
  const named = attribute === undefined ? {} : { attribute };
  const local = localPath(reference);
  if (local === undefined) {
    if (!REMOTE.test(reference)) throw notAReference(text);
    return { url: reference, ...named };
  }
  const directory = flakeDirectory(ctx, local.path);
  const checkout = local.scheme === "path" ? undefined : enclosingCheckout(ctx, directory);
  if (local.scheme === "git" && checkout === undefined) {
    throw new ToolError(`${directory} is not in a git checkout`, {
      code: ExitCode.Configuration,
      hint: `without git it is path:${encodePath(directory)}`,
    });
  }
  const url = withQuery(
    checkout === undefined ? `path:${encodePath(directory)}` : gitUrl(checkout, directory),
    local.query,
  );
  return checkout === undefined || /^(?:ref|rev)=/m.test(local.query.join("\n"))
    ? { url, directory, ...named }
    : { url, directory, checkout, ...named };
}

/** Splits at the first `#`; the attribute loses its quotes and a leading `nixosConfigurations.`. */
function splitAttribute(text: string): [string, string | undefined] {
  // deno-lint-ignore no-control-regex
  if (text.trim() === "" || /[\x00-\x1f\x7f]/.test(text)) throw notAReference(text);
  const [reference, attribute] = text.split(/#(.*)/, 2) as [string, string | undefined];
  const name = attribute?.replace(/^nixosConfigurations\./, "").replace(/^"(.*)"$/, "$1");
  return [reference, name === "" ? undefined : name];
}

interface LocalPath {
  readonly scheme: "plain" | "path" | "git";
  readonly path: string;
  /** What stood after `?`, without `dir`. */
  readonly query: readonly string[];
}

function localPath(reference: string): LocalPath | undefined {
  const url = /^(path:|git\+file:)?(.*?)(?:\?(.*))?$/.exec(reference)!;
  const [, scheme, named, query = ""] = url;
  if (scheme === undefined && /^[a-z][a-z0-9+.-]*:/.test(reference)) return undefined;
  const path = scheme === undefined ? named! : named!.replace(/^\/\/(?=\/)/, "");
  if (scheme !== undefined && path === "") throw notAReference(reference);
  const kind = scheme === undefined ? "plain" : scheme === "path:" ? "path" : "git";
  const folder = scheme === undefined ? path || "." : decode(path, reference);
  const parameters = query.split("&").filter((parameter) => parameter !== "");
  const subfolder = parameters.find((parameter) => parameter.startsWith("dir="))?.slice(4);
  return {
    scheme: kind,
    path: subfolder === undefined ? folder : `${folder}/${decode(subfolder, reference)}`,
    query: parameters.filter((parameter) => !parameter.startsWith("dir=")),
  };
}

function withQuery(url: string, query: readonly string[]): string {
  return query.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${query.join("&")}`;
}

/** The folder, on this host, that really holds flake.nix. */
function flakeDirectory(ctx: Context, path: string): string {
  const folder = path.replace(/\/flake\.nix$/, "") || "/";
  const file = realFile(ctx, absolutePath(folder), path);
  if (file === undefined || !statIfSeen(file)?.isFile) {
    throw new ToolError(`no flake.nix in ${folder}`, {
      code: ExitCode.Configuration,
      hint: path.includes("/")
        ? "name the folder that holds flake.nix"
        : `name the folder that holds flake.nix, or flake:${path} for a flake of Nix's registry`,
    });
  }
  return parentOf(file);
}

function realFile(ctx: Context, folder: string, named: string): string | undefined {
  const machinePath = ctx.root.machine(folder);
  const isOutsideRoot = !ctx.root.isRunning && machinePath === folder;
  return isOutsideRoot && !named.startsWith("/")
    ? realPathIfSeen(`${folder}/flake.nix`)
    : ctx.root.follow(`${machinePath}/flake.nix`);
}

/** The nearest folder at or above, up to the machine's root, that is a git checkout or worktree. */
function enclosingCheckout(ctx: Context, directory: string): string | undefined {
  for (let folder = directory;; folder = parentOf(folder)) {
    if (lstatIfExists(`${folder === "/" ? "" : folder}/.git`) !== undefined) return folder;
    if (folder === "/" || folder === ctx.root.path) return undefined;
  }
}

function gitUrl(checkout: string, directory: string): string {
  const inside = directory === checkout ? "" : directory.slice(checkout.length).replace(/^\//, "");
  return `git+file://${encodePath(checkout)}${inside === "" ? "" : `?dir=${encodePath(inside)}`}`;
}

/** Old Nix (2.8) decodes this in `git+file:` only, and knows no way to name such a `path:`. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function decode(path: string, reference: string): string {
  const decoded = attempt(() => decodeURIComponent(path));
  if (decoded === undefined) throw notAReference(reference);
  return decoded;
}

function notAReference(text: string): ToolError {
  return new ToolError(`"${text}" is not a flake reference`, {
    code: ExitCode.InvalidArguments,
    hint: "give a folder with a flake.nix, or for example github:OWNER/REPOSITORY/REF#HOST",
  });
}
