/** The little of an ELF file that carrying executables needs; elf(5). Only 64-bit little-endian. */

const MACHINES: Readonly<Record<number, "x86_64-linux" | "aarch64-linux">> = {
  62: "x86_64-linux",
  183: "aarch64-linux",
};
const PT_INTERP = 3;

/** The system an executable is for; undefined when it is no ELF file or for another processor. */
export function targetOfElf(path: string): "x86_64-linux" | "aarch64-linux" | undefined {
  using file = Deno.openSync(path);
  const header = new Uint8Array(64);
  const isWhole = file.readSync(header) === header.length;
  if (!isWhole || new TextDecoder().decode(header.subarray(1, 4)) !== "ELF") return undefined;
  return MACHINES[view(header).getUint16(18, true)];
}

/**
 * Names another loader, in the place of the one that is there. No byte moves, so that what
 * `deno compile` appended to the file stays where it is found.
 * @returns where the loader's name is: offset and room in bytes, with the final NUL
 * @throws Error when there is no loader, or its name leaves no room for this one
 */
export function setInterpreter(
  bytes: Uint8Array,
  interpreter: string,
): { readonly offset: number; readonly room: number } {
  const data = view(bytes);
  const headers = Number(data.getBigUint64(32, true));
  const size = data.getUint16(54, true);
  const count = data.getUint16(56, true);
  for (let at = headers; at < headers + count * size; at += size) {
    if (data.getUint32(at, true) !== PT_INTERP) continue;
    const offset = Number(data.getBigUint64(at + 8, true));
    const room = Number(data.getBigUint64(at + 32, true));
    const name = new TextEncoder().encode(interpreter + "\0");
    if (name.length > room) {
      throw new Error(`${interpreter} is too long: there is room for ${room}`);
    }
    bytes.fill(0, offset, offset + room);
    bytes.set(name, offset);
    return { offset, room };
  }
  throw new Error("the executable names no loader");
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
