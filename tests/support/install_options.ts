import type { InstallOptions } from "../../lib/install/options.ts";

/** The options of an unattended dry run that keeps the owner's configuration and builds. */
export const INSTALL_OPTIONS: InstallOptions = {
  hostname: undefined,
  action: "build",
  force: true,
  source: undefined,
  reboot: false,
  fast: false,
  skipUpdateCheck: true,
  users: undefined,
  stateVersion: undefined,
  keepConfig: true,
  config: undefined,
  allowDowngrade: false,
  confirm: undefined,
  restartGuests: false,
  explain: false,
  dryRun: true,
  json: false,
};
