/** Ways to break an installed machine, each with the check that must find it, by the groups of checks. */
import type { Breakage } from "./breakages/breakage.ts";
import { CONFIGURATION_FILES } from "./breakages/configuration.ts";
import { DIRECTORIES } from "./breakages/directories.ts";
import { RESOURCES } from "./breakages/resources.ts";
import { SECURITY } from "./breakages/security.ts";
import { SERVICES } from "./breakages/services.ts";

export const BREAKAGES: readonly Breakage[] = [
  ...DIRECTORIES,
  ...CONFIGURATION_FILES,
  ...SERVICES,
  ...SECURITY,
  ...RESOURCES,
];
