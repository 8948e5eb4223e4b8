/** What update-users-groups.pl of NixOS 24.05 leaves of the accounts. */
import { deepEqual } from "node:assert/strict";
import type { AccountFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { PasswordState } from "../../../lib/machine/accounts/accounts.ts";
import { accountsAfter, removedAccounts } from "../../../lib/rebuild/access/accounts_after.ts";
import {
  accountFacts,
  accountState,
  configurationFacts,
  rentedServerNow,
} from "../../support/facts.ts";

interface Ground {
  readonly mutableUsers: boolean;
  readonly declared?: Partial<AccountFacts>;
  readonly before?: boolean;
  readonly exists?: boolean;
  readonly files?: Readonly<Record<string, PasswordState>>;
}

function ground({ mutableUsers, declared, before = false, exists = true, files = {} }: Ground) {
  const after = configurationFacts((facts) => {
    facts.users.mutableUsers = mutableUsers;
    facts.users.accounts = declared ? [accountFacts({ name: "ana", ...declared })] : [];
    facts.users.groups = [{ name: "kvm", gid: 302, members: ["ana"] }];
  });
  const now = rentedServerNow({
    accounts: exists ? [accountState({ name: "ana", groups: ["users", "wheel"] })] : [],
    declaredBefore: before ? ["ana"] : [],
    passwordFiles: files,
  });
  return [after, now] as const;
}

Deno.test("removedAccounts() keeps an account made by hand only while users may be changed", () => {
  deepEqual(removedAccounts(...ground({ mutableUsers: true })), []);
  deepEqual(removedAccounts(...ground({ mutableUsers: false })), ["ana"]);
  // What was declared and no longer is goes in either case.
  deepEqual(removedAccounts(...ground({ mutableUsers: true, before: true })), ["ana"]);
  deepEqual(removedAccounts(...ground({ mutableUsers: true, before: true, declared: {} })), []);
});

Deno.test("accountsAfter() says which password an account has then", () => {
  const password = (one: Ground) => accountsAfter(...ground(one))[0]?.password;
  const file = { password: "file", passwordFile: "/secret/ana" } as const;
  // An existing account keeps its own while users may be changed.
  deepEqual(password({ mutableUsers: true, declared: { password: "locked-hash" } }), "hash");
  deepEqual(password({ mutableUsers: false, declared: { password: "hash" } }), "hash");
  deepEqual(password({ mutableUsers: false, declared: { password: "empty-hash" } }), "empty");
  deepEqual(password({ mutableUsers: false, declared: { password: "none" } }), "none");
  deepEqual(password({ mutableUsers: false, declared: file }), "none");
  const files = { "/secret/ana": "hash" } as const;
  deepEqual(password({ mutableUsers: false, declared: file, files }), "hash");
  const initial = { hasInitialPassword: true };
  deepEqual(password({ mutableUsers: false, declared: initial }), "none");
  deepEqual(password({ mutableUsers: true, declared: initial, exists: false }), "hash");
});

Deno.test("accountsAfter() merges groups that were given by hand, unless the account was declared", () => {
  const groups = (one: Ground) => accountsAfter(...ground(one))[0]?.groups;
  const declared = { extraGroups: ["video"] };
  deepEqual(groups({ mutableUsers: true, declared }), ["users", "video", "kvm", "wheel"]);
  deepEqual(groups({ mutableUsers: true, before: true, declared }), ["users", "video", "kvm"]);
  deepEqual(groups({ mutableUsers: false, declared }), ["users", "video", "kvm"]);
});

Deno.test("accountsAfter() lets a declared day end an account, and leaves that of shadow without one", () => {
  const expired = (expires: string | null | undefined, isNow = false) => {
    const [after, now] = ground({
      mutableUsers: true,
      declared: expires === undefined ? {} : { expires },
    });
    const accounts = now.accounts.map((one) => ({ ...one, expired: isNow }));
    return accountsAfter(after, { ...now, accounts }).find(({ name }) => name === "ana")!.expired;
  };
  // The scratch machine's clock shows the noon of 2026-06-15, and the day itself is over.
  deepEqual(expired("2026-06-14"), true);
  deepEqual(expired("2026-06-15"), true);
  deepEqual(expired("2026-06-16"), false);
  deepEqual(expired("2099-12-31", true), false);
  deepEqual([expired(null, true), expired(null), expired(undefined, true)], [true, false, true]);
});

Deno.test("accountsAfter() misses a shell that is a path where nothing lies, or that the system lists no more", () => {
  const zsh = "/run/current-system/sw/bin/zsh";
  const lacks = (
    shell: string,
    { isPackage = false, isThere = true, listed = [zsh], lists = [zsh] }: {
      isPackage?: boolean;
      isThere?: boolean;
      listed?: string[];
      lists?: string[] | undefined;
    } = {},
    declared = true,
  ) => {
    const [after, now] = ground({
      mutableUsers: true,
      ...(declared ? { declared: { shell, shellIsPackage: isPackage } } : {}),
    });
    if (lists !== undefined) after.users.shells = lists;
    const accounts = now.accounts.map((one) => ({ ...one, shell }));
    return accountsAfter(after, { ...now, accounts, has: () => isThere, shells: listed })
      .find(({ name }) => name === "ana")!.lacksShell;
  };
  for (const declared of [true, false]) {
    deepEqual(lacks(zsh, {}, declared), false);
    deepEqual(lacks(zsh, { lists: [] }, declared), true, "nothing installs it any more");
    deepEqual(lacks(zsh, { lists: [], listed: [] }, declared), false, "it is there all the same");
    deepEqual(lacks("/usr/bin/zsh", { isThere: false }, declared), true);
    deepEqual(lacks("/opt/own/shell", {}, declared), false);
    for (const shell of ["/bin/sh", "", "/run/current-system/sw/bin/bash", "/nix/store/x/bin/y"]) {
      deepEqual(lacks(shell, { isThere: false, lists: [] }, declared), false, shell);
    }
  }
  deepEqual(lacks(zsh, { isPackage: true, isThere: false, lists: [] }), false);
  deepEqual(lacks(zsh, { lists: undefined }), false, "the record of an older tool");
});

Deno.test("accountsAfter() takes a declared shell, also one that refuses; null leaves what is there", () => {
  const nologin = "/run/current-system/sw/bin/nologin";
  const shell = (declared: string | null, exists = true) =>
    accountsAfter(...ground({ mutableUsers: true, declared: { shell: declared }, exists }))
      .find(({ name }) => name === "ana")!.shell;
  deepEqual(shell(nologin), nologin);
  deepEqual(shell(null), accountState({ name: "ana" }).shell);
  deepEqual(shell(null, false), undefined);
});
