import { codeOf, ConfigurationFactsSchema } from "./configuration_facts.ts";
import { factsFunctions } from "./facts_functions.ts";
import { PLAIN_OPTIONS } from "./plain_options.ts";

/** What is asked of a valibot schema here: a group of facts has members. */
interface Shape {
  readonly wrapped?: { readonly entries?: Readonly<Record<string, object>> };
}

/** Nix code of the members of a set that can be read. */
function members(entries: Readonly<Record<string, object>>): string {
  return Object.entries(entries).map(([name, schema]) => {
    const group = (schema as Shape).wrapped?.entries;
    const code = codeOf(schema) ?? (group && `{\n${members(group)}}`);
    return code === undefined ? "" : `${name} = ${code};\n`;
  }).join("");
}

/**
 * Nix code that reads an evaluated NixOS (`{ config, options, pkgs }`) into JSON: a function from it
 * to the facts (see `configuration_facts.ts`, which has the code of each). Written for NixOS 21.11 and
 * later: names that came later are asked for with `or`, renamed ones under the new name first. What
 * Nix cannot catch fails what it is evaluated with; parts can be evaluated apart (see `read_apart.ts`).
 */
export const factsExpression = String.raw`
nixos:
let
${factsFunctions}
  plainOptions = builtins.listToAttrs (map (name: { inherit name; value = null; })
    ${JSON.stringify(PLAIN_OPTIONS).replaceAll(",", " ")});
in
{
${members(ConfigurationFactsSchema.entries)}}
// (if ! ((config.security or { }) ? pam.services) then { } else { pam = guard (builtins.listToAttrs (concatMap (service:
  let value = guard (text (pamText service)); in
  if value == null then [ ] else [ { name = service; inherit value; } ])
  [ "sshd" "login" "su" "sudo" "doas" ])); })
`;
