import { ACCOUNT_FILES, DECLARED_FILES } from "../../machine/accounts/account_backup.ts";
import * as v from "valibot";
import { quote } from "../../machine/shell_words.ts";
import { type ActivationHead, ActivationHeadSchema } from "./activation_status.ts";

/** What an activation is to do; every path as the script's own process sees it. */
export interface ActivationPlan extends ActivationHead {
  readonly base: string;
  /** Seconds after which an activation that needs confirmation is taken for hung. */
  readonly hungAfter: number;
  /** Makes `base` the system profile, for example `nix-env -p … --set …`. */
  readonly setProfile: readonly string[];
  /** Puts the profile back to `previousDefault`; empty when there was none. */
  readonly restoreProfile: readonly string[];
  readonly status: string;
  readonly confirmed: string;
  /** The machine's folder of account files, and the one in which NixOS notes what it declared. */
  readonly etc: string;
  readonly declarations: string;
  /** Where those notes are kept for going back. */
  readonly keptDeclarations: string;
  /** Where the account files are saved as the activation left them; undefined for nowhere. */
  readonly accountsAfter: string | undefined;
}

/**
 * The activation as a POSIX sh script, because it has to outlive the tool: whatever happens to the tool,
 * its terminal or the connection, the steps go on and the status file says how far they came.
 *
 * The order is nh's: the new system is activated first (`test`) and becomes the boot default only when
 * that worked, so that a system whose activation failed is never what the machine boots. With a
 * confirmation it becomes the default only after that: until then a reset or a power cut ends in the
 * previous system, and when the time is over the previous system is activated again, by its store
 * path. The account files are saved the moment an activation has ended: what differs from that later,
 * people changed. Before going back NixOS is told again what it had declared before, so that it removes
 * no account that only the new system declared. Called as `script recover` (systemd's ExecStopPost) it goes back when it was killed unconfirmed.
 */
export function activationScript(plan: ActivationPlan): string {
  return `#!/bin/sh
# Activation ${plan.id} of the Hyper-NixOS toolkit. It runs once, by itself: leave it alone until
# the status file says "done".
set -u
umask 077
toplevel=${quote(plan.toplevel)}
base=${quote(plan.base)}
previous=${quote(plan.previous ?? "")}
previous_default=${quote(plan.previousDefault ?? "")}
status=${quote(plan.status)}
confirmed=${quote(plan.confirmed)}
head=${quote(statusHead(plan))}
activate_code=null profile_code=null boot_code=null restore_code=null go_back_code=null

# The status file is replaced as a whole: it holds the old or the new state, also after a power cut.
record() {
  phase=$1
  printf '%s"pid":%s,"phase":"%s","activateCode":%s,"profileCode":%s,"bootCode":%s,"restoreCode":%s,"goBackCode":%s,"updated":%s}\\n' \\
    "$head" "$$" "$phase" "$activate_code" "$profile_code" "$boot_code" "$restore_code" \\
    "$go_back_code" "$(date +%s)" > "$status.tmp"
  sync "$status.tmp" 2>/dev/null || sync
  mv -f "$status.tmp" "$status"
}

keep_declarations() {
  mkdir -p ${quote(plan.keptDeclarations)}
  for name in ${DECLARED_FILES.join(" ")}; do
    [ ! -f ${quote(plan.declarations)}/"$name" ] ||
      cp -p ${quote(plan.declarations)}/"$name" ${quote(plan.keptDeclarations)}/"$name"
  done
}

restore_declarations() {
  for name in ${DECLARED_FILES.join(" ")}; do
    [ -f ${quote(plan.keptDeclarations)}/"$name" ] || continue
    cp -p ${quote(plan.keptDeclarations)}/"$name" ${quote(plan.declarations)}/".$name.kept" &&
      mv -f ${quote(plan.declarations)}/".$name.kept" ${quote(plan.declarations)}/"$name"
  done
}

${accountSteps(plan)}
make_default() {
  record making-default
  ${command(plan.setProfile)}
  profile_code=$?
  [ "$profile_code" = 0 ] || return
  "$base/bin/switch-to-configuration" boot
  boot_code=$?
  [ "$boot_code" = 0 ] && return
  echo "the boot loader could not be updated (exit code $boot_code): putting the previous default back"
${restoreStep(plan)}
}

go_back() {
  record going-back
  [ -n "$previous" ] || return
  echo "going back to $previous"
  restore_declarations
  "$previous/bin/switch-to-configuration" test
  go_back_code=$?
  save_accounts
}

finish() {
  # What was activated, and the boot menu, are on the disk before anybody is told: NixOS syncs only its store.
  sync -f / /boot /nix 2>/dev/null || sync
  record "done"
  exit 0
}

exec >> ${quote(plan.log)} 2>&1
${recoverStep(plan)}${mainSteps(plan)}finish
`;
}

/** All files appear at once, or none: who undoes must not take half of them for what was left. */
function accountSteps({ etc, accountsAfter }: ActivationPlan): string {
  if (accountsAfter === undefined) {
    return `forget_accounts() { :; }
save_accounts() { :; }
`;
  }
  const unfinished = `${accountsAfter}.tmp`;
  return `forget_accounts() {
  rm -rf ${quote(accountsAfter)}
}

save_accounts() {
  rm -rf ${quote(unfinished)}
  mkdir ${quote(unfinished)} || return
  for name in ${ACCOUNT_FILES.join(" ")}; do
    [ ! -f ${quote(etc)}/"$name" ] || cp ${quote(etc)}/"$name" ${quote(unfinished)}/ || return
  done
  sync ${quote(unfinished)}/* 2>/dev/null || sync
  rm -rf ${quote(accountsAfter)}
  mv ${quote(unfinished)} ${quote(accountsAfter)}
}
`;
}

function restoreStep(plan: ActivationPlan): string {
  if (plan.restoreProfile.length === 0) return "  restore_code=1";
  return `  ${command(plan.restoreProfile)} && "$previous_default/bin/switch-to-configuration" boot
  restore_code=$?`;
}

/** A machine that shuts down boots the previous default anyway; activating during it would disturb. */
function recoverStep(plan: ActivationPlan): string {
  if (plan.confirmSeconds === 0) return "";
  return `if [ "\${1-}" = recover ]; then
  grep -q '"phase":"done"' "$status" && exit 0
  [ -e "$confirmed" ] && exit 0
  [ "$(systemctl is-system-running 2>/dev/null)" = stopping ] && exit 0
  echo "the activation ended before it was confirmed"
  go_back
  finish
fi
`;
}

function mainSteps(plan: ActivationPlan): string {
  if (plan.action === "boot") return "make_default\n";
  const confirm = plan.confirmSeconds > 0;
  const limit = confirm ? `timeout -k 30 ${plan.hungAfter} ` : "";
  return `record activating
keep_declarations
forget_accounts
${limit}"$toplevel/bin/switch-to-configuration" test
activate_code=$?
save_accounts
if [ "$activate_code" != 0 ] && [ "$activate_code" != 4 ]; then
${confirm ? "  go_back\n" : ""}  finish
fi
${confirm ? confirmStep(plan.confirmSeconds) : ""}${
    plan.action === "switch" ? "make_default\n" : ""
  }`;
}

function confirmStep(seconds: number): string {
  return `record awaiting-confirmation
waited=0
while [ ! -e "$confirmed" ] && [ "$waited" -lt ${seconds} ]; do
  sleep 1
  waited=$((waited + 1))
done
if [ ! -e "$confirmed" ]; then
  echo "not confirmed within ${seconds} seconds"
  go_back
  finish
fi
`;
}

/** The part of the status that does not change, as JSON without its closing brace. */
function statusHead(plan: ActivationPlan): string {
  return JSON.stringify(v.parse(ActivationHeadSchema, plan)).slice(0, -1) + ",";
}

function command(words: readonly string[]): string {
  return words.map(quote).join(" ");
}
