/**
 * A small fakeroot(1) for the demo, loaded before a tool: this user is told to be root and owns what root
 * would own. Nothing becomes possible by it that this user could not do.
 */
const self = Deno.uid();

function asRoot(info: Deno.FileInfo): Deno.FileInfo {
  return info.uid === self ? { ...info, uid: 0, gid: 0 } : info;
}

const { lstat, lstatSync, stat, statSync } = Deno;
const { stat: fileStat, statSync: fileStatSync } = Deno.FsFile.prototype;
Object.assign(Deno, {
  uid: () => 0,
  gid: () => 0,
  lstat: async (path: string | URL) => asRoot(await lstat(path)),
  lstatSync: (path: string | URL) => asRoot(lstatSync(path)),
  stat: async (path: string | URL) => asRoot(await stat(path)),
  statSync: (path: string | URL) => asRoot(statSync(path)),
  chown: () => Promise.resolve(),
  chownSync: () => {},
});
Object.assign(Deno.FsFile.prototype, {
  stat: async function (this: Deno.FsFile) {
    return asRoot(await fileStat.call(this));
  },
  statSync: function (this: Deno.FsFile) {
    return asRoot(fileStatSync.call(this));
  },
});
