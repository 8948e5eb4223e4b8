/**
 * Makes a folder equal to another one, touching only what differs: unchanged files keep their inodes
 * and times, as they do on a machine that is updated now and then. Modes and times are copied.
 */
export function restore(from: string, to: string): void {
  const wanted = new Map([...Deno.readDirSync(from)].map((entry) => [entry.name, entry]));
  for (const { name } of Deno.readDirSync(to)) {
    if (!wanted.has(name)) Deno.removeSync(`${to}/${name}`, { recursive: true });
  }
  for (const { name } of wanted.values()) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const info = Deno.lstatSync(source);
    const present = statIfExists(target);
    if (info.isDirectory) {
      if (present && !present.isDirectory) Deno.removeSync(target);
      if (!present?.isDirectory) Deno.mkdirSync(target);
      restore(source, target);
      if (present?.mode !== info.mode) Deno.chmodSync(target, (info.mode ?? 0) & 0o7777);
    } else if (!present || !looksSame(info, present)) {
      if (present) Deno.removeSync(target, { recursive: true });
      copy(source, target, info);
    }
  }
}

function looksSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.size === other.size && one.mode === other.mode &&
    one.mtime?.getTime() === other.mtime?.getTime();
}

function copy(source: string, target: string, info: Deno.FileInfo): void {
  if (info.isSymlink) return Deno.symlinkSync(Deno.readLinkSync(source), target);
  Deno.copyFileSync(source, target);
  Deno.chmodSync(target, (info.mode ?? 0) & 0o7777);
  if (info.mtime) Deno.utimeSync(target, info.mtime, info.mtime);
}

function statIfExists(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
