import { readSshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import type { Context } from "../../machine/context.ts";
import { machineFolder, machineHas, machineText } from "../../machine/files/machine_files.ts";
import { type ProofQuestion, proofQuestion } from "../proofs/proof_question.ts";
import { proveAll } from "../proofs/registry.ts";
import { fails, refusals, type Verdict } from "../proofs/verdict.ts";

/** Where a system has its units, below it. */
export const UNITS = "/etc/systemd/system";

/**
 * What the SSH server of a built system says against what was proven of its options: a unit may be replaced
 * or switched off, and `environment.etc` may put another file in the place of sshd_config. What runs that way
 * now is taken at its word.
 * @param system the store path of what is to run
 * @param runs the one of what runs now
 * @returns what could not be proven, empty where people do not come over SSH
 */
export function builtServerRefusals(
  ctx: Context,
  system: string,
  runs: string | undefined,
  question: ProofQuestion,
): Verdict[] {
  const { before, after, now } = question;
  if (question.way !== "ssh" || !after.ssh.enable) return [];
  const problem = serviceProblem(ctx, system);
  if (problem !== undefined && (runs === undefined || serviceProblem(ctx, runs) === undefined)) {
    const remedy = "systemd.services.sshd (or .sockets.sshd) as services.openssh makes it";
    return [fails("sshd", "the SSH server starts in what was built", problem, remedy)];
  }
  const config = readSshServerConfig(ctx, configPath(ctx, system));
  if (config === undefined) return [];
  const ssh = {
    ...after.ssh,
    ports: [...config.ports],
    listenAddresses: config.listenAddresses
      .map(({ address, port }) => ({ addr: address, port: port ?? null })),
    permitRootLogin: config.permitRootLogin,
    passwordAuthentication: config.passwordAuthentication,
    kbdInteractiveAuthentication: config.kbdInteractiveAuthentication,
    pubkeyAuthentication: config.pubkeyAuthentication,
    usePAM: config.usePAM,
    allowUsers: [...config.allowUsers],
    denyUsers: [...config.denyUsers],
    allowGroups: [...config.allowGroups],
    denyGroups: [...config.denyGroups],
    ...(config.authorizedKeysFiles.length > 0
      ? { authorizedKeysFiles: [...config.authorizedKeysFiles] }
      : {}),
  };
  const known = new Set(refusals(proveAll(question)).map(({ what }) => what));
  return refusals(proveAll(proofQuestion(before, { ...after, ssh }, now)))
    .filter(({ what }) => !known.has(what))
    .map((verdict) => ({
      ...verdict,
      why: `${verdict.why} (so says the sshd_config that was built)`,
      remedy: 'environment.etc."ssh/sshd_config" as services.openssh makes it',
    }));
}

/** Why the SSH server would not start; undefined when its unit is there, wanted, and starts it. */
function serviceProblem(ctx: Context, system: string): string | undefined {
  const folder = system + UNITS;
  const isWanted = (unit: string) =>
    machineFolder(ctx, folder).some((name) =>
      /\.(wants|requires)$/.test(name) && machineHas(ctx, `${folder}/${name}/${unit}`)
    );
  const started = ["sshd.service", "sshd.socket"].find(isWanted);
  if (started === undefined) return "nothing starts sshd.service";
  const unit = started === "sshd.socket" ? "sshd@.service" : started;
  const text = machineText(ctx, `${folder}/${unit}`);
  if (text === undefined) return `there is no ${unit}, or it is masked`;
  const command = execStart(text);
  return /(^|\/)sshd(\s|$)/.test(command ?? "")
    ? undefined
    : `${unit} starts ${command ?? "nothing"}`;
}

/** The configuration file that the built unit names, else sshd's own; in the built system where it is of /etc. */
function configPath(ctx: Context, system: string): string {
  const texts = ["sshd.service", "sshd@.service"]
    .map((unit) => machineText(ctx, `${system}${UNITS}/${unit}`) ?? "");
  const path = texts.map((text) => /\s-f\s+(\S+)/.exec(execStart(text) ?? "")?.[1])
    .find((path) => path !== undefined) ?? "/etc/ssh/sshd_config";
  return path.startsWith("/etc/") ? system + path : path;
}

/** The last ExecStart counts where it was said again after an empty one (systemd.service(5)). */
function execStart(text: string): string | undefined {
  return [...text.matchAll(/^ExecStart=[-@:+!]*(.+)$/gm)].at(-1)?.[1]?.trim();
}
