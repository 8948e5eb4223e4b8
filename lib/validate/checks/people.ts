import {
  type Account,
  allGroupsOf,
  groupNamesOf,
  isExpired,
  type PasswordState,
} from "../../machine/accounts/accounts.ts";
import { readAuthorizedKeys } from "../../machine/accounts/authorized_keys.ts";
import { hasLoginShell, loginUsers } from "../../machine/accounts/login_users.ts";
import { matchesGroup, matchesUser } from "../../machine/accounts/ssh_patterns.ts";
import { readSshServerConfig } from "../../machine/accounts/ssh_server_config.ts";
import { machineFolder, machineText } from "../../machine/files/machine_files.ts";
import { localModule } from "../../machine/tree_layout.ts";
import { commandLine } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some, warn } from "../check.ts";
import { passwordlessDoas } from "../doas.ts";
import type { Facts } from "../facts.ts";
import { isAmong, type PasswordlessRule, passwordlessRules } from "../sudoers.ts";

/** Groups of those who run virtual machines (reference, "User Migration"). */
const GROUPS = ["wheel", "kvm", "libvirtd", "video", "input"];

/** Who can log in, who can become root, and who is in which group. */
export const peopleChecks = checksOf("Security", [
  {
    id: "groups",
    title: "groups",
    check: groups,
  },
  {
    id: "group-members",
    title: "users in their groups",
    quick: false,
    check: members,
  },
  {
    id: "administrators",
    title: "administrators",
    blocksUpdate: true,
    check: administrators,
  },
  {
    id: "empty-passwords",
    title: "empty passwords",
    check: emptyPasswords,
  },
]);

function groups(_ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const known = new Set(facts.accounts().groups.map(({ name }) => name));
  const missing = GROUPS.filter((name) => !known.has(name));
  return missing.length === 0 ? pass(GROUPS.join(", ")) : fail(
    `missing: ${missing.join(", ")}`,
    "an activation makes them: rebuild-helper switch",
    missing,
  );
}

/** NixOS sets memberships at every activation; a tool that edits /etc/group would be overruled. */
async function members(_ctx: Context, facts: Facts): Promise<Finding> {
  const configuration = await facts.evaluated();
  const accounts = facts.accounts();
  const { users } = configuration;
  // NixOS ignores, silently, an extra group that nothing declares: no activation would make it.
  const known = new Set(users.groups.map(({ name }) => name));
  // Accounts made by hand have no declaration: their groups name them.
  const people = new Set([
    ...users.accounts.filter(({ isNormalUser }) => isNormalUser).map(({ name }) => name),
    ...loginUsers(accounts).migratable.filter(({ uid }) => uid !== 0).map(({ name }) => name),
  ]);
  const missing = [...people].flatMap((name) => {
    const declared = users.accounts.find((account) => account.name === name)?.extraGroups
      .filter((group) => known.has(group)) ?? [];
    const listed = users.groups.filter(({ members }) => members.includes(name)).map((one) =>
      one.name
    );
    const account = accounts.accounts.find((account) => account.name === name);
    if (account === undefined) return [`${name} (no account)`];
    const has = new Set(groupNamesOf(accounts, account));
    return [...new Set([...declared, ...listed])].filter((group) => !has.has(group))
      .map((group) => `${name} in ${group}`);
  });
  return missing.length === 0
    ? pass("as configured")
    : fail(`missing: ${some(missing)}`, "an activation sets them: rebuild-helper switch", missing);
}

async function administrators(ctx: Context, facts: Facts): Promise<Finding> {
  if (facts.accounts().accounts.length === 0) {
    return fail("/etc/passwd names nobody", "an activation writes it anew: rebuild-helper switch");
  }
  const accounts = facts.requireShadow();
  const people = loginUsers(accounts).migratable
    .filter((account) => !isExpired(account, ctx.now()) && hasLoginShell(account));
  const groups = (account: Account) => groupNamesOf(accounts, account);
  const wheel = people.filter((account) => account.uid !== 0 && groups(account).includes("wheel"));
  const isAll = ({ asRoot, certain, command }: PasswordlessRule) =>
    asRoot && certain && command === "ALL";
  const sudo = passwordlessRules(ctx).filter(isAll).map(({ who }) => who);
  const doas = passwordlessDoas(ctx).filter(isAll).map(({ who }) => who);
  const needsNone = (account: Account) =>
    sudo.some((who) => isAmong(who, account, allGroupsOf(accounts, account))) ||
    sudo.includes("everyone") && wheel.includes(account) ||
    doas.includes(account.name) || groups(account).some((name) => doas.includes(`:${name}`));
  const able = people.filter((account) => {
    const { passwordState } = account;
    if (account.uid !== 0 && needsNone(account)) return true;
    return (account.uid === 0 || wheel.includes(account)) &&
      (passwordState === "hash" || passwordState === "empty");
  });
  const others = able.filter(({ uid }) => uid !== 0).map(({ name }) => name);
  if (others.length > 0) return pass(`${others.join(", ")} can become root`);
  if (able.length > 0) return pass("root has a password");
  const root = people.find(({ uid }) => uid === 0);
  if (root && await comesInByKey(ctx, root, groups(root))) {
    return pass("root logs in over SSH with a key");
  }
  const elsewhere = otherSources(ctx);
  if (elsewhere.length > 0) {
    return skip(`nobody of /etc/passwd can, and those of ${some(elsewhere)} are not asked`);
  }
  return wheel.length > 0
    ? warn(
      `${wheel.map(({ name }) => name).join(", ")} may use sudo, but have no password to type`,
      commandLine("passwd", [wheel[0]!.name]),
    )
    : fail(
      "nobody can become root: no one in wheel, and root has neither a password nor an SSH key",
      `add someone to wheel in ${localModule(ctx)}, then rebuild-helper switch`,
    );
}

/** What says further people, groups or rules of sudo: a directory's services (nsswitch.conf(5)), homed. */
function otherSources(ctx: Context): string[] {
  const lines = (machineText(ctx, "/etc/nsswitch.conf") ?? "").matchAll(
    /^(?:passwd|group|sudoers):(.*)$/gm,
  );
  const named = [...lines].flatMap(([, services = ""]) => services.trim().split(/\s+/))
    .filter((service) => /^(sss|ldap|winbind|nis\w*)$/.test(service));
  // systemd-homed.service(8): what is in this folder says who has a home that it manages.
  const homed = machineFolder(ctx, "/var/lib/systemd/home").some((name) =>
    name.endsWith(".identity")
  );
  return [...new Set(named), ...(homed ? ["systemd-homed"] : [])];
}

/** As on a rented server, which has no other account. */
async function comesInByKey(ctx: Context, root: Account, groups: string[]): Promise<boolean> {
  const server = readSshServerConfig(ctx);
  if (!server?.pubkeyAuthentication) return false;
  const { permitRootLogin, allowUsers, denyUsers, allowGroups, denyGroups } = server;
  const client = { user: root.name, address: undefined };
  const isRefused = permitRootLogin === "no" || permitRootLogin === "forced-commands-only" ||
    matchesUser(denyUsers, client) === "yes" || matchesGroup(denyGroups, groups) ||
    allowUsers.length > 0 && matchesUser(allowUsers, client) === "no" ||
    allowGroups.length > 0 && !matchesGroup(allowGroups, groups);
  if (isRefused) return false;
  const { system, home } = await readAuthorizedKeys(ctx, root);
  return home || system.length > 0;
}

function emptyPasswords(_ctx: Context, facts: Facts): Finding {
  const { accounts } = facts.requireShadow();
  const named = (state: PasswordState) =>
    accounts.filter(({ passwordState }) => passwordState === state).map(({ name }) => name);
  const [empty, unknown] = [named("empty"), named("unknown")];
  if (empty.length > 0) {
    return fail(
      `no password is asked of ${some(empty)}`,
      commandLine("passwd", [empty[0]!]),
      empty,
    );
  }
  // The C library takes some lines that are not as shadow(5) says.
  return unknown.length === 0 ? pass("none") : warn(
    `not known of ${some(unknown)}: their lines in /etc/shadow are malformed`,
    "pwck -r names the lines; passwd writes one anew",
    unknown,
  );
}
