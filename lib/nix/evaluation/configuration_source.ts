import type { Context } from "../../machine/context.ts";
import { evaluateFlake, evaluateJson, type EvaluateOptions } from "./evaluate.ts";
import { path } from "../expressions/expression.ts";
import { printExpression } from "../expressions/expression_layout.ts";
import { flakeEnvironment } from "../flakes/flake_environment.ts";
import type { FlakeReference } from "../flakes/flake_reference.ts";
import { attributeName } from "../expressions/nix_string.ts";

/** Where an evaluated NixOS configuration comes from. */
export type ConfigurationSource =
  | {
    readonly kind: "channel";
    /** Host path of configuration.nix. */
    readonly configuration: string;
    /** NIX_PATH of the evaluation, instead of the caller's. */
    readonly nixPath: string;
  }
  | {
    readonly kind: "flake";
    readonly flake: FlakeReference;
    /** The name in `nixosConfigurations`. */
    readonly host: string;
    /** The name of a specialisation of it, to be read in its place. */
    readonly specialisation?: string | undefined;
    /** For example HYPERVISOR_STAGED, for a host that is not written yet. */
    readonly env?: Readonly<Record<string, string>>;
  }
  /** A host that `nix/host.nix` of a source tree makes on an owner's configuration. */
  | {
    readonly kind: "onBase";
    /** Host path of the tree; it is read where it lies. */
    readonly tree: string;
    readonly host: string;
    readonly env: Readonly<Record<string, string>>;
  };

/** How to evaluate a source. `writeStore` is about channels: flakes may always write to the store. */
export type SourceOptions = Pick<EvaluateOptions, "timeout" | "writeStore">;

/**
 * Applies a Nix function to a source's evaluated NixOS (a set with `config`, `options` and `pkgs`).
 * @param code the function's Nix code
 * @throws ToolError as `evaluateJson`
 */
export async function applyToSource(
  ctx: Context,
  source: ConfigurationSource,
  code: string,
  options: SourceOptions = {},
): Promise<unknown> {
  const what = describeSource(ctx, source);
  switch (source.kind) {
    case "flake": {
      const { flake, host, specialisation, env = {} } = source;
      const apply = specialisation === undefined ? code : ofSpecialisation(code, specialisation);
      const attribute = ["nixosConfigurations", host];
      return await evaluateFlake(ctx, flake, attribute, apply, { ...options, what, env });
    }
    case "channel": {
      const argument = printExpression({ configuration: path(source.configuration) });
      const env = { ...flakeEnvironment(ctx), NIX_PATH: source.nixPath };
      return await evaluateJson(ctx, `(${code}) (import <nixpkgs/nixos> ${argument})`, {
        ...options,
        what,
        env,
      });
    }
    case "onBase": {
      const file = printExpression(`${source.tree}/nix/host.nix`);
      const hosts = `import (/. + ${file}) { nixosHost = throw "a host with a base"; }`;
      return await evaluateJson(ctx, `(${code}) (${hosts}).${attributeName(source.host)}`, {
        ...options,
        what,
        env: { ...flakeEnvironment(ctx), ...source.env },
      });
    }
  }
}

/** The function applied to a specialisation: its options are declared as those of its host are. */
function ofSpecialisation(code: string, name: string): string {
  const attribute = attributeName(name);
  return `nixos:
let all = nixos.config.specialisation or { };
in if all ? ${attribute} then (${code}) (nixos // { config = all.${attribute}.configuration; })
else throw "${NO_SPECIALISATION} \${builtins.concatStringsSep ", " (builtins.attrNames all)}"`;
}

/** How the failure begins of a source whose specialisation is not there; their names follow. */
export const NO_SPECIALISATION = "no such specialisation, there are:";

/** A source in a few words, for messages and the plan. */
export function describeSource(ctx: Context, source: ConfigurationSource): string {
  switch (source.kind) {
    case "channel":
      return ctx.root.machine(source.configuration);
    case "flake":
      return source.specialisation === undefined
        ? `${source.flake.url}#${source.host}`
        : `the specialisation ${source.specialisation} of ${source.flake.url}#${source.host}`;
    case "onBase":
      return `the new configuration of ${source.host}`;
  }
}
