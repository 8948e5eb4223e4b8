import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { Identity } from "../../nix/evaluation/identity.ts";
import { attributeName } from "../../nix/expressions/nix_string.ts";

/**
 * Files of /etc that lie inside of what is a file or a link there: NixOS makes each by itself (etc.nix,
 * make-etc), so the build of such a system fails, after everything it needs was fetched. Pure.
 * @returns the name of the option's member, and the path below /etc that is in its way
 */
export function nestedFiles({ etc = {} }: Identity): (readonly [name: string, inside: string])[] {
  const targets = new Map(
    Object.entries(etc).map(([name, item]) => [targetOf(name, item), item] as const),
  );
  return Object.entries(etc).flatMap(([name, item]) => {
    const parts = targetOf(name, item).split("/");
    const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
    const inside = above.find((path) => targets.has(path) && !isFolder(targets.get(path)!));
    return inside === undefined ? [] : [[name, inside] as const];
  });
}

/**
 * The failure that such a build would end with.
 * @param module the owner's own module, for the hint
 */
export function nestedFilesError(identity: Identity, module: string): ToolError | undefined {
  const nested = nestedFiles(identity);
  if (nested.length === 0) return undefined;
  const lines = nested.map(([name]) =>
    `environment.etc.${attributeName(name)}.enable = lib.mkForce false;`
  );
  const which = nested.map(([name, inside]) =>
    `/etc/${name} lies inside of /etc/${inside}, which is no folder`
  );
  return new ToolError(`its build would fail: ${which.join("; ")}`, {
    code: ExitCode.Configuration,
    hint: `leave them out in ${module}, which is read before the installation, too: ` +
      lines.join(" "),
  });
}

/** Milliseconds; it reads a few lines. */
const VISUDO_TIMEOUT = 10_000;

/**
 * NixOS's build of sudoers ends with visudo(8), which is asked here before anything is fetched.
 * @returns what it does not like; undefined where it cannot be asked
 */
export async function sudoersWarning(
  ctx: Context,
  { sudo }: ConfigurationFacts,
): Promise<string | undefined> {
  if (!sudo.enable || !sudo.file || ctx.run.which("visudo") === undefined) return undefined;
  const { code, stdout, stderr } = await ctx.run("visudo", ["-c", "-f", "-"], {
    input: sudo.file,
    accept: "any",
    timeout: VISUDO_TIMEOUT,
  });
  if (code === 0) return undefined;
  const said = /^\S+?:(\d+):\d*:? (.+)$/m.exec(stderr + stdout);
  if (said === null) return undefined;
  const rule = sudo.file.split("\n")[Number(said[1]) - 1]?.trim() ?? "";
  return `its build will fail: visudo refuses a rule of security.sudo.extraRules (${
    said[2]
  }): ${rule}`;
}

type Item = NonNullable<Identity["etc"]>[string];

function factsOf(item: Item): Readonly<Record<string, unknown>> {
  return "is" in item && typeof item.is === "object" && item.is !== null ? { ...item.is } : {};
}

function targetOf(name: string, item: Item): string {
  const { target } = factsOf(item);
  return (typeof target === "string" ? target : name).replace(/^\/etc\//, "");
}

/** A source with a star is a folder of links to what it matches. */
function isFolder(item: Item): boolean {
  const { source } = factsOf(item);
  return typeof source === "string" && source.includes("*");
}
