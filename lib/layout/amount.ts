const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes for people, in powers of 1024 with three significant digits: `1.46 GiB`. */
export function amount(bytes: number): string {
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
